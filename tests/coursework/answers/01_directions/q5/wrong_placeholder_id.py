student_id = "your-id"
W = personal_table(student_id)
pair, dimension = (0, 1), 30
