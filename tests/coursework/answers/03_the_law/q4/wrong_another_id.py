student_id = "other-8"
