import PlanModel
import PortModel
import StrategyKit
import Testing

@testable import Strategies

/// What every strategy must be, without running any.
@Suite struct RegistryTests {
  static let all = StrategyRegistry.all + BrokenStrategies.all

  @Test func `names are unique, lower case, and found`() {
    let names = Self.all.map { $0.descriptor.name }
    #expect(Set(names).count == names.count)
    for name in names {
      #expect(name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(name)")
    }
    for (position, type) in StrategyRegistry.all.enumerated() {
      #expect(StrategyRegistry.index(of: type.descriptor.name) == position)
    }
  }

  @Test func `broken strategies cannot be named by a plan unless they are switched on`() {
    // The variable is not set where tests run.
    #expect(!BrokenStrategies.areSwitchedOn)
    for broken in BrokenStrategies.all {
      #expect(StrategyRegistry.index(of: broken.descriptor.name) == nil)
    }
  }

  @Test func `defaults are in their ranges and can be made into a strategy`() {
    for type in Self.all {
      let options = type.descriptor.options
      let values = options.map { option -> Int in
        guard let value = option.defaultValue else { return option.range.lowerBound }
        #expect(option.range.contains(value), "\(type.descriptor.name) \(option.name)")
        return value
      }
      #expect(Set(options.map(\.name)).count == options.count)
      _ = type.init(options: OptionValues(options, values))
    }
  }

  @Test func `everything that people read is there`() {
    for type in StrategyRegistry.all {
      let descriptor = type.descriptor
      #expect(!descriptor.summary.isEmpty && !descriptor.origin.isEmpty, "\(descriptor.name)")
      #expect(!descriptor.traits.weakness.isEmpty, "\(descriptor.name)")
      #expect(!descriptor.depths.isEmpty && !descriptor.sockets.isEmpty, "\(descriptor.name)")
      #expect(
        descriptor.depths.contains(.allocate) ? !type.handover.hasChannel : true,
        "\(descriptor.name): at depth allocate nobody reports")
    }
  }

  @Test func `a strategy that counts says which numbers`() {
    for type in StrategyRegistry.all {
      let counts = [.outsideThePool, .reserved].contains(type.descriptor.collisionModel)
      #expect(counts == (type.descriptor.numbers != nil), "\(type.descriptor.name)")
    }
  }

  @Test func `a strategy that changes the namespace says that it needs one`() {
    for type in StrategyRegistry.all {
      let options = type.descriptor.options
      let strategy = type.init(
        options: OptionValues(options, options.map { $0.defaultValue ?? $0.range.lowerBound }))
      // A program whose windows are stolen must not meet the host's own sockets.
      let changes =
        strategy.reservedPorts != nil || strategy.leavesTimeWait || type.descriptor.alwaysForces
      #expect(
        changes == type.descriptor.requirements.contains(.namespace), "\(type.descriptor.name)")
    }
  }
}
