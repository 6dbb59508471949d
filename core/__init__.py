"""What every package stands on: clock, actor, errors, intervals, permissions. It knows no patient, drug or chair."""
