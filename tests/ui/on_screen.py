"""Runs a program on a screen of its own: on_screen.py PROGRAM [ARGUMENT...]"""
import os, subprocess, sys

sys.path.insert(0, os.path.dirname(__file__))
from desk import QUIET, Screen

screen = Screen('1500x1000', **QUIET)
try: sys.exit(subprocess.run(sys.argv[1:], env=screen.environment).returncode)
finally: screen.close()
