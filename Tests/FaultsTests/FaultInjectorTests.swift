import CSharedRegion
import CLinuxShims
import Faults
import RunContract
import PlanModel
import Syscalls
import Testing

/// Whom a fault strikes, and how often: in the test's own process, with a region of its own.
@Suite struct FaultInjectorTests {
  /// A region with one fault that is due: API server 1 of launch 1 does not wait at a point.
  private func region(_ point: InjectionPoint) throws -> SharedRegion {
    let region = SharedRegion.privateCopy()
    let kind = Choice(
      name: "delay", label: "delay",
      options: ["milliseconds", "distribution"].map { OptionValue(name: $0, value: 0) })
    let arm = Arm(
      index: 0, scenario: "s", strategy: Choice(name: "x", label: "x"), depth: .bind,
      topology: Topology(launches: 2, apiServers: 2),
      faults: [PlannedFault(kind: kind, point: point, launch: 1, index: 1)], trials: 1)
    Order.write(
      ScheduledFault.all(of: arm, trial: 0, seed: 1), of: arm,
      kinds: [try #require(FaultRegistry.index(of: "delay"))], to: region)
    return region
  }

  private func injector(
    _ region: SharedRegion, _ role: FaultRole, launch: Int, index: Int
  ) throws -> FaultInjector {
    let injector = try #require(
      FaultInjector(region: region, faults: 1, role: role, launch: launch, index: index))
    injector.arm()
    return injector
  }

  @Test func `a fault is armed for its victim alone`() throws {
    let region = try region(.beforeInputBind)
    defer { region.deallocate() }
    for (role, launch, index) in [
      (FaultRole.apiServer, 0, 1), (.apiServer, 1, 0), (.launcher, 1, 1), (.engineCore, 1, 1),
    ] {
      let other = try injector(region, role, launch: launch, index: index)
      #expect(!other.expects(.beforeInputBind))
      #expect(region.fault(0).pointee.pid == 0, "\(role) \(launch).\(index)")
    }
    let victim = try injector(region, .apiServer, launch: 1, index: 1)
    #expect(victim.expects(.beforeInputBind) && !victim.expects(.beforeOutputBind))
    #expect(region.fault(0).pointee.pid == CurrentProcess.pid)
  }

  @Test func `a victim that comes to the point again is not struck again`() throws {
    let region = try region(.beforeInputBind)
    defer { region.deallocate() }
    let victim = try injector(region, .apiServer, launch: 1, index: 1)
    for (point, port) in [
      (InjectionPoint.beforeOutputBind, UInt16(1)), (.beforeInputBind, 2), (.beforeInputBind, 3),
    ] {
      var site = InjectionSite(point, port: port)
      victim.reach(&site)
    }
    #expect(region.fault(0).pointee.port == 2, "the port at stake when it struck")
    #expect(!victim.expects(.beforeInputBind))
    // In the next trial it is armed anew.
    region.fault(0).pointee.injected_ns = 0
    victim.arm()
    #expect(victim.expects(.beforeInputBind))
  }
}
