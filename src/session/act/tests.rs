//! Keys on the layers of actions, and what they send.
