"""What a submission may take, wherever it is graded; `grade.py` has an option for each."""

SECONDS = 240  # for everything
QUESTION_SECONDS = 30  # for one question's tests
MEMORY_MB = 3072  # for all its processes together
