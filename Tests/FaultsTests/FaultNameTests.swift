import Faults
import PlanModel
import Testing

/// What judging knows of faults by their names alone.
@Suite struct FaultNameTests {
  @Test func `a fault ends its victim if its victim's parent expects an exit`() {
    for fault in FaultRegistry.all {
      let options = fault.descriptor.options
      let values = OptionValues(options, options.map { $0.defaultValue ?? $0.range.lowerBound })
      #expect(
        fault.descriptor.endsVictim == (fault.expectedExit(values) != nil),
        "\(fault.descriptor.name)")
    }
    #expect(FaultRegistry.index(of: FaultName.steal) != nil)
  }
}
