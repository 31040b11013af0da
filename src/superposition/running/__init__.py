"""Where work runs and what it leaves; knows no model.

executors  processes or threads for independent pieces of work
progress   how long training will take, said before it begins, and its bar
store      trained models kept on disk, under a version and their settings
records    committed summaries, records/*.csv, one row a model
"""
