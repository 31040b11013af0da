student_id = "somebody else"
