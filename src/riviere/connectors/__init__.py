"""Other people's formats: recorded gifts, read row by row, each as one record, one refusal or nothing of value.

Nothing here books anything. `detect.open_recording` says what lies at a path; `model.Recording.rows` reads it without
ever holding the whole of it.
"""
