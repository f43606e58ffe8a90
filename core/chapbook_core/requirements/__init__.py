"""What a project asks for: versions, markers, requirements and the targets they are meant for, as pure values."""
