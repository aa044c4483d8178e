internal import CSharedRegion
public import PlanModel
public import Syscalls

/// An arm in the form in which workers get it: names become positions in the registries, which are the same in both
/// executables because both are built from them.
public struct Order {
  /// Position of the strategy in the registry.
  public var strategy: Int
  /// Position of each thief in the registry.
  public var thieves: [Int]
  /// The arm.
  public var arm: Arm
  /// Whether our own sockets must be confined one by one, because we cannot set the namespace's range.
  public var confinesSockets: Bool

  public init(arm: Arm, strategy: Int, thieves: [Int], confinesSockets: Bool) {
    self.arm = arm
    self.strategy = strategy
    self.thieves = thieves
    self.confinesSockets = confinesSockets
  }

  /// Writes the order. Only call it while no worker runs.
  public func write(to region: SharedRegion) {
    var order = bs_order()
    order.strategy = Self.choice(strategy, arm.strategy)
    order.settings = arm.settings.order
    order.confines_sockets = confinesSockets ? 1 : 0
    order.thief_count = UInt32(thieves.count)
    order.fault_count = UInt32(arm.faults.count)
    if let startup = arm.startup { order.startup = startup.order }
    region.pointer.pointee.order = order
    region.setCommand(arm.strategy.command)
    for (number, thief) in thieves.enumerated() {
      bs_thief_choice_at(region.pointer, UInt32(number)).pointee = Self.choice(
        thief, arm.thieves[number])
    }
  }

  /// Writes what happens in the next trial. Only call it while no worker is in a trial.
  /// - Parameter kinds: position of each of the arm's faults in the registry.
  public static func write(
    _ faults: [ScheduledFault], of arm: Arm, kinds: [Int], to region: SharedRegion
  ) {
    for fault in faults {
      var slot = bs_fault()
      let planned = arm.faults[fault.number]
      slot.kind = choice(kinds[fault.number], planned.kind)
      slot.is_due = fault.isDue ? 1 : 0
      slot.point = UInt32(InjectionPoint.allCases.firstIndex(of: planned.point)!)
      slot.role = UInt32(FaultRole.allCases.firstIndex(of: planned.point.role)!)
      slot.launch = UInt32(fault.launch)
      slot.victim = UInt32(fault.index)
      slot.amount_ns = fault.amountNanoseconds
      region.fault(fault.number).pointee = slot
    }
  }

  private static func choice(_ index: Int, _ chosen: Choice) -> bs_choice {
    precondition(chosen.options.count <= Int(BS_MAX_OPTIONS), "too many options")
    var result = bs_choice()
    result.index = UInt32(index)
    for (number, option) in chosen.options.enumerated() {
      bs_options_of(&result)[number] = Int64(option.value)
    }
    return result
  }
}

/// What an API server needs of its order. It holds no reference: a fresh API server that counted references of its
/// launcher's objects would copy their pages.
public struct BindingOrder: Sendable {
  /// What happens in each trial.
  public let settings: TrialSettings
  /// API servers of each launch.
  @inlinable public var serversPerLaunch: Int { settings.topology.apiServers }
  /// The range to which each of our own sockets is confined; nil if the namespace does this.
  public let confinedTo: ClosedRange<Int>?
  /// Where endpoints are bound and dialled.
  public let host: TCPSocket.Host
  /// The rest of the start-up; nil unless the depth is `startup`.
  public let startup: Startup?
}

/// A worker's view of its order.
public struct WorkerOrder {
  /// Position of the strategy in the registry.
  public let strategy: Int
  /// The strategy's options in the registry's order.
  public let strategyOptions: [Int]
  /// What happens in each trial.
  public let settings: TrialSettings
  /// Parallel launches.
  @inlinable public var launches: Int { settings.topology.launches }
  /// API servers of each.
  @inlinable public var serversPerLaunch: Int { settings.topology.apiServers }
  /// The range to which each of our own sockets is confined; nil if the namespace does this.
  public let confinedTo: ClosedRange<Int>?
  /// How many faults the arm has. Their slots, written for each trial, describe them.
  public let faults: Int
  /// Thieves: position in the registry and options.
  public let thieves: [(index: Int, options: [Int])]
  /// The rest of the start-up; nil unless the depth is `startup`.
  public let startup: Startup?

  /// Where endpoints are bound and dialled: an address of their node if there are several nodes.
  public var host: TCPSocket.Host { address(ofNode: startup?.apiServerNode ?? 0) }

  /// Where handshake and coordinator are bound and dialled.
  public var headHost: TCPSocket.Host { address(ofNode: 0) }

  /// Where HTTP is dialled. vLLM's HTTP listener is an IPv4 socket unless `--host` is an IPv6 address.
  public var webHost: TCPSocket.Host {
    (startup?.nodes ?? 1) > 1 ? .address(NodeAddress.of(0)) : .loopback
  }

  private func address(ofNode node: Int) -> TCPSocket.Host {
    startup.map { NodeAddress.host(ofNode: node, in: $0.nodes, usesIPv6: $0.usesIPv6) } ?? .loopback
  }

  /// The program to drive, if the strategy drives one.
  public let command: AdapterCommand?

  /// The part that API servers need.
  public var binding: BindingOrder {
    BindingOrder(
      settings: settings, confinedTo: confinedTo, host: host, startup: startup)
  }

  /// Reads the order from the region.
  public init(_ region: SharedRegion) {
    let order = region.pointer.pointee.order
    var choice = order.strategy
    strategy = Int(choice.index)
    strategyOptions = Self.options(&choice)
    settings = TrialSettings(order.settings)
    confinedTo = order.confines_sockets == 0 ? nil : settings.pool.low...settings.pool.high
    startup = settings.depth == .startup ? Startup(order.startup) : nil
    command = region.command
    faults = Int(order.fault_count)
    thieves = (0..<Int(order.thief_count)).map { number in
      let choice = bs_thief_choice_at(region.pointer, UInt32(number))
      return (Int(choice.pointee.index), Self.options(choice))
    }
  }

  private static func options(_ choice: UnsafeMutablePointer<bs_choice>) -> [Int] {
    (0..<Int(BS_MAX_OPTIONS)).map { Int(bs_options_of(choice)[$0]) }
  }
}

extension NodeReservation {
  /// Writes reservations to an order, three numbers each; returns how many.
  static func write(
    _ reservations: [NodeReservation], to place: UnsafeMutablePointer<UInt32>
  ) -> UInt32 {
    for (number, reserved) in reservations.enumerated() {
      place[3 * number] = UInt32(reserved.node)
      place[3 * number + 1] = UInt32(reserved.low)
      place[3 * number + 2] = UInt32(reserved.high)
    }
    return UInt32(reservations.count)
  }

  /// The inverse of `write`.
  static func read(_ count: UInt32, from place: UnsafeMutablePointer<UInt32>) -> [NodeReservation] {
    (0..<Int(count)).map {
      NodeReservation(
        node: Int(place[3 * $0]), low: Int(place[3 * $0 + 1]), high: Int(place[3 * $0 + 2]))
    }
  }
}
