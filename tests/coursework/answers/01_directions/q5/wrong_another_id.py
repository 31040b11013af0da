student_id = "another"
