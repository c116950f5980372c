"""The service centre's door: shows alarms to people and carries their commands back."""
