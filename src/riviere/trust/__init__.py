"""What people write, and whether others see it: word lists, approval, blocks, reports.

Words are judged when they are first to be shown, and what was decided is a row: `words.py` judges and changes it, the
live feed (`live/reading.py`) and the overlays behind it show only what is `shown` there.
"""
