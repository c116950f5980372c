"""The laboratory: how well fence alarms are decided, on a world whose truth is known."""
