//! How conditions are joined, in logic statements and in expressions.

/// What `and` and `or` ask of their operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Junction {
    /// Every operand must hold.
    All,
    /// One operand must hold.
    Any,
}

impl Junction {
    /// Returns the value of an operand that decides the whole, whatever the others are.
    pub(crate) fn deciding(self) -> bool {
        match self {
            Self::All => false,
            Self::Any => true,
        }
    }
}
