"""What every package stands on: clock, actor, errors, intervals, tokens, permissions. It knows no patient, drug or chair."""
