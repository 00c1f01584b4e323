"""Runs a program on a screen of its own: on_screen.py [--tries N] PROGRAM [ARGUMENT...]

A program that measures itself may be disturbed by the machine: with tries its best run counts. What the program itself does wrong it
does in every run.
"""
import os, subprocess, sys

sys.path.insert(0, os.path.dirname(__file__))
from desk import QUIET, Screen

command, tries = sys.argv[1:], 1
if command[0] == '--tries': tries, command = int(command[1]), command[2:]
screen = Screen('1500x1000', **QUIET)
try:
    for left in range(tries - 1, -1, -1):
        done = subprocess.run(command, env=screen.environment, stdout=subprocess.PIPE, text=True)
        if done.returncode == 0 or left == 0: break
    print(done.stdout, end='')
finally: screen.close()
sys.exit(done.returncode)
