/// The slots of the shared region, in C.
enum SlotEmitter {
  static var header: String {
    """
    #ifndef BINDSTORM_RECORD_SLOTS_H
    #define BINDSTORM_RECORD_SLOTS_H
    /* Made by `make generate` from Sources/Schema/Definitions; change that. What it is for: shared_region.h. */
    #include <stdint.h>

    \(limits)

    \((Slots.numbers.map(numbers) + ClosedSets.all.compactMap(numbers)).joined(separator: "\n\n"))

    \(slots.map(structure).joined(separator: "\n\n"))

    /* Members as pointers: Swift sees arrays as tuples, and has no address of a member. */
    \(slots.flatMap(accessors).joined(separator: "\n"))

    #endif

    """
  }

  private static var slots: [Slot] { Slots.all + PlanOrderEmitter.slots }

  private static var limits: String {
    "/* \(Slots.limits.summary) */\n" + enumeration(name: "", Slots.limits.values)
  }

  private static func numbers(_ numbers: CNumbers) -> String {
    (numbers.summary.isEmpty ? "" : "/* \(numbers.summary) */\n")
      + enumeration(name: numbers.name, numbers.values)
  }

  private static func numbers(_ set: ClosedSet) -> String? {
    guard let prefix = set.cPrefix else { return nil }
    return "/* Numbers of \(set.type): \(set.summary) */\n"
      + enumeration(
        name: prefix.lowercased(),
        set.cases.enumerated().map { ("\(prefix)_\($1.name.upperSnake)", $0, "") })
  }

  private static func enumeration(
    name: String, _ values: [(name: String, value: Int, summary: String)]
  ) -> String {
    let lines = values.map {
      "  \($0.name) = \($0.value),\($0.summary.isEmpty ? "" : " /* \($0.summary) */")"
    }
    return "enum\(name.isEmpty ? "" : " " + name) {\n\(lines.joined(separator: "\n"))\n};"
  }

  private static func structure(_ slot: Slot) -> String {
    let lines = slot.members.map { member in
      let count = member.count.map { "[\($0)]" } ?? ""
      return "  \(member.type) \(member.name)\(count);"
        + (member.summary.isEmpty ? "" : " /* \(member.summary) */")
    }
    return (slot.summary.isEmpty ? "" : "/* \(slot.summary) */\n")
      + "struct \(slot.name) {\n\(lines.joined(separator: "\n"))\n};"
  }

  private static func accessors(_ slot: Slot) -> [String] {
    slot.members.compactMap { member in
      member.accessor.map {
        "static inline \(member.type) *_Nonnull \($0)(struct \(slot.name) *_Nonnull s) "
          + "{ return \(member.count == nil ? "&" : "")s->\(member.name); }"
      }
    }
  }
}
