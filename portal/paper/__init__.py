"""What every printed document shares: the typeface and the renderer."""
