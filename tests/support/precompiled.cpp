// Holds nothing: the precompiled header that other tests reuse belongs to its target.
