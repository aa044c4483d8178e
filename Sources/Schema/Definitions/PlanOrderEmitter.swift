/// How a plan's settings are sent to the workers.
enum PlanOrderEmitter {
  /// In C.
  static var slots: [Slot] {
    [
      Slot(
        "bs_settings_order", "What happens in each trial: a plan's settings.",
        carried(PlanSections.settings).map {
          Member("uint32_t", $0.member, "")
        }),
      Slot(
        "bs_startup_order", "How the rest of the start-up goes: a plan's `startup`.",
        PlanSections.startup.keys.flatMap { key -> [Member] in
          if case .list = key.kind {
            return [
              Member("uint32_t", "\(key.member)_count", ""),
              Member(
                "uint32_t", key.member, count: "3 * BS_MAX_RESERVATIONS",
                accessor: "bs_reservations_of", "node, first and last port"),
            ]
          }
          return [Member("uint32_t", key.member, "")]
        }),
    ]
  }

  static var swift: String {
    let startup = PlanSections.startup
    return swiftHead + """
      internal import CSharedRegion
      public import PlanModel

      extension TrialSettings {
        /// The order's part of them.
        var order: bs_settings_order {
          var order = bs_settings_order()
      \(carried(PlanSections.settings).map { "    \($0.write)\n" }.joined())    return order
        }

        /// Reads them from an order.
        init(_ order: bs_settings_order) {
          self.init(
            \(reads(PlanSections.settings).joined(separator: ",\n      ")))
        }
      }

      extension Startup {
        /// The order's part of it.
        var order: bs_startup_order {
          var order = bs_startup_order()
      \(carried(startup).map { "    \($0.write)\n" }.joined())    return order
        }

        /// Reads it from an order.
        init(_ original: bs_startup_order) {
          var order = original
          self.init(
            \(reads(startup).joined(separator: ",\n      ")))
        }
      }

      \(["WorkerOrder", "BindingOrder"].map(forwarders).joined(separator: "\n"))
      """
  }

  private static func forwarders(_ type: String) -> String {
    let properties = PlanSections.settings.properties.map {
      """
        /// \($0.documentation)
        @inlinable public var \($0.property): \($0.type) { settings.\($0.property) }

      """
    }
    return "extension \(type) {\n\(properties.joined())}\n"
  }

  /// A setting with its member, and how it is written.
  private struct Carried {
    var key: PlanKey
    /// The section's property and member before the key's own, each with its separator.
    var path: String
    var prefix: String

    var member: String { prefix + key.member }

    var write: String {
      let value = path + key.property
      switch key.kind {
      case .flag: return "order.\(member) = \(value) ? 1 : 0"
      case .whole: return "order.\(member) = UInt32(\(value))"
      case .milliseconds: return "order.\(member) = UInt32(\(value) * 1_000)"
      case .word(let type):
        return "order.\(member) = UInt32(\(type).allCases.firstIndex(of: \(value))!)"
      case .list:
        return
          "order.\(member)_count = NodeReservation.write(\(value), to: bs_reservations_of(&order))"
      default: preconditionFailure("\(key.key) has no form in an order")
      }
    }

    var read: String {
      switch key.kind {
      case .flag: return "order.\(member) != 0"
      case .whole: return "Int(order.\(member))"
      case .milliseconds: return "Double(order.\(member)) / 1_000"
      case .word(let type): return "\(type).allCases[Int(order.\(member))]"
      case .list:
        return "NodeReservation.read(order.\(member)_count, from: bs_reservations_of(&order))"
      default: preconditionFailure("\(key.key) has no form in an order")
      }
    }
  }

  private static func carried(
    _ section: PlanSection, path: String = "", prefix: String = ""
  ) -> [Carried] {
    section.properties.flatMap { key -> [Carried] in
      guard case .section(let name, _) = key.kind else {
        return [Carried(key: key, path: path, prefix: prefix)]
      }
      return carried(
        PlanSections.named(name), path: "\(key.property).", prefix: "\(key.member)_")
    }
  }

  private static func reads(_ section: PlanSection, prefix: String = "") -> [String] {
    section.properties.map { key in
      guard case .section(let name, let type) = key.kind else {
        return "\(key.property): \(Carried(key: key, path: "", prefix: prefix).read)"
      }
      let inner = reads(PlanSections.named(name), prefix: "\(key.member)_")
      return "\(key.property): \(type)(\(inner.joined(separator: ", ")))"
    }
  }
}
