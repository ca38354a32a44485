//! Finds the words of a set in a stream of bytes (Aho and Corasick, 1975), one step a byte.
//!
//! A node stands for a string with which a word begins. After each byte the search is at the node of the
//! longest such string that the stream ends with, so its depth says how much of the stream may still become a
//! word.
//!
//! Deliberately absent: which of the words that overlap is taken (`mask`). The crate `aho-corasick` decides
//! that itself, but takes the longest only in a string that is complete, and does not report the depth.

/// A string with which a word begins.
///
/// Indexes of nodes are `u32`; 0 is the root, the empty text, and where an index may be missing means none.
#[derive(Clone, Copy, Default)]
struct Node {
    /// Bytes of the text.
    depth: u32,
    /// The last byte of the text.
    byte: u8,
    /// The first of the nodes that have one more byte.
    child: u32,
    /// The next node that differs in the last byte only.
    sibling: u32,
    /// The longest shorter text that this one ends with.
    shorter: u32,
    /// The longest word that this string ends with; it may be the whole string.
    word: u32,
}

/// A place in the automaton.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State(u32);

/// The words to look for.
pub(super) struct Automaton {
    nodes: Vec<Node>,
    /// The nodes of one byte: nearly all output is compared with these only.
    first: [u32; 256],
}

impl Automaton {
    /// Takes the words. An empty word is left out.
    ///
    /// The time and the memory it takes grow with the bytes of all words (24 bytes for each).
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut automaton = Self { nodes: vec![Node::default()], first: [0; 256] };
        for word in words {
            let mut at = 0;
            for &byte in word {
                at = match automaton.child(at, byte) {
                    0 => automaton.add(at, byte),
                    child => child,
                };
            }
            automaton.node_mut(at).word = at;
        }
        automaton.node_mut(0).word = 0;
        automaton.link();
        automaton
    }

    /// Returns whether a word begins with this byte.
    pub(super) fn begins(&self, byte: u8) -> bool {
        self.first[usize::from(byte)] != 0
    }

    /// Returns the state after one more byte.
    pub(super) fn next(&self, state: State, byte: u8) -> State {
        State(self.extended(state.0, byte))
    }

    /// Returns how many bytes at the end of the stream a word may begin with.
    pub(super) fn depth(&self, state: State) -> usize {
        size(self.node(state.0).depth)
    }

    /// Returns the state that leaves out what began more than `bytes` bytes ago, and a word that no longer
    /// one begins with: with the next byte, neither leads to another word.
    pub(super) fn within(&self, state: State, bytes: usize) -> State {
        let mut at = state.0;
        while at != 0 && (size(self.node(at).depth) > bytes || self.node(at).child == 0) {
            at = self.node(at).shorter;
        }
        State(at)
    }

    /// Returns the lengths of the words that the stream ends with, in bytes, the longest first.
    pub(super) fn words(&self, state: State) -> impl Iterator<Item = usize> {
        let longest = self.node(state.0).word;
        let shorter = |&word: &u32| Some(self.node(self.node(word).shorter).word);
        std::iter::successors(Some(longest), shorter)
            .take_while(|word| *word != 0)
            .map(|word| size(self.node(word).depth))
    }

    fn add(&mut self, parent: u32, byte: u8) -> u32 {
        // Four billion bytes of words do not fit into a job spec.
        let added = u32::try_from(self.nodes.len()).unwrap_or(0);
        let Node { depth, child: sibling, .. } = self.node(parent);
        self.nodes.push(Node { depth: depth + 1, byte, sibling, ..Node::default() });
        self.node_mut(parent).child = added;
        if parent == 0 {
            self.first[usize::from(byte)] = added;
        }
        added
    }

    /// Fills in `shorter` and `word`, level by level: both of a node come from shorter strings.
    fn link(&mut self) {
        let mut level = vec![0];
        while !level.is_empty() {
            let mut below = Vec::new();
            for parent in level {
                let mut at = self.node(parent).child;
                while at != 0 {
                    self.link_one(parent, at);
                    below.push(at);
                    at = self.node(at).sibling;
                }
            }
            level = below;
        }
    }

    fn link_one(&mut self, parent: u32, at: u32) {
        let shorter = if parent == 0 {
            0
        } else {
            self.extended(self.node(parent).shorter, self.node(at).byte)
        };
        let shorter_word = self.node(shorter).word;
        let node = self.node_mut(at);
        node.shorter = shorter;
        if node.word == 0 {
            node.word = shorter_word;
        }
    }

    /// Returns the longest text that this one and one more byte end with.
    fn extended(&self, from: u32, byte: u8) -> u32 {
        let mut at = from;
        loop {
            let child = self.child(at, byte);
            if child != 0 || at == 0 {
                return child;
            }
            at = self.node(at).shorter;
        }
    }

    fn child(&self, parent: u32, byte: u8) -> u32 {
        if parent == 0 {
            return self.first[usize::from(byte)];
        }
        let mut at = self.node(parent).child;
        while at != 0 && self.node(at).byte != byte {
            at = self.node(at).sibling;
        }
        at
    }

    fn node(&self, index: u32) -> Node {
        self.nodes[size(index)]
    }

    fn node_mut(&mut self, index: u32) -> &mut Node {
        &mut self.nodes[size(index)]
    }
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
