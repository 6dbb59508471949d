"""How each rule of the shared worked examples is asked: one function by rule name, from its inputs to its
answers.
"""
