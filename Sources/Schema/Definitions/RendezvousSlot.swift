extension Slots {
  static let rendezvous = Slot(
    "bs_rendezvous",
    "One rendezvous of an engine core: the store of a process group, which one member binds and all dial.",
    [
      Member("uint64_t", "chosen_ns", "its number was chosen"),
      Member("uint64_t", "attempted_ns", "first bind or dial"),
      Member("uint64_t", "met_ns", "all members were there"),
      Member("uint64_t", "holder_inode", "as in bs_endpoint, for the first number that was lost"),
      Member("uint64_t", "holder_since_ns", ""),
      Member("uint32_t", "holder_claim", ""),
      Member("uint32_t", "holder_state", ""),
      Member("uint32_t", "lost", "numbers whose bind failed with EADDRINUSE"),
      Member("uint32_t", "is_accepted", "whoever listens there took its connection"),
      Member(
        "uint32_t", "is_met", accessor: "bs_met_word", "set last; read while it may change"),
      Member("uint16_t", "port", "the number that it binds or dials first, 0 while unknown"),
      Member("uint16_t", "bound", "it listens there; 0: it only dials"),
    ])
}
