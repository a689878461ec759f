#pragma once

/// Shows what the inspector shows: of an outbox in memory, before and after letters are replayed.
void Demonstrate();
