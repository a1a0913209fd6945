"""What is kept between runs, in the user's cache folder: nothing here changes what a run finds.

Everything is keyed by all that it depends on, checked when it is read, and thrown away when in doubt.
"""
