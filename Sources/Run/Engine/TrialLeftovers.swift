internal import CSharedRegion
internal import LinuxFacts
internal import PlanModel
internal import RunContract
internal import Syscalls

/// What the namespace and the workers show about a trial besides its records.
extension TrialRunner {
  /// TCP sockets of the namespace that are bound or listen, without the thieves'; -1 if the namespace is not used by us
  /// alone.
  func countSockets(
    _ thieves: [TrialRecorder.ThiefSnapshot]
  ) throws(RunError) -> Int {
    guard host.isolation != .none else { return -1 }
    do throws(WorkerHost.StartError) {
      let answer = try host.request(ControlMessage(.countSockets))
      return max(0, Int(answer.values.first ?? 0) - thieves.map(\.held).reduce(0, +))
    } catch {
      throw .workers("cannot count sockets: \(error)")
    }
  }

  /// Asks the worker host to end and remove what the launches left behind. Returns what that was.
  func cleanUp() throws(RunError) -> [String] {
    do throws(WorkerHost.StartError) {
      return try host.request(ControlMessage(.cleanUp)).text.split(separator: "\n").map(String.init)
    } catch {
      throw .workers("cannot look for what is left: \(error)")
    }
  }

  /// Whether nothing went wrong at depth `startup`: after a served launch the row continues.
  var areServed: Bool {
    (0..<arm.topology.launches).allSatisfy {
      let startup = region.startup($0).pointee
      return region.launcher($0).pointee.error == 0 && startup.noticed_ns == 0
        && startup.served_ns != 0
    }
  }

  /// Waits until the namespace has no more listening or connected sockets than when it was idle.
  func socketsLeft() throws(RunError) -> Int {
    guard let sockets else { return -1 }
    do throws(SystemError) {
      let limit = MonotonicClock.now() + Self.settleNanoseconds
      while true {
        let left = try sockets.namespace.inUse() - sockets.idle
        if left <= 0 { return 0 }
        let now = MonotonicClock.now()
        if now >= limit { return left }
        MonotonicClock.sleep(until: now + 20_000)
      }
    } catch {
      throw .system(error)
    }
  }

  /// Whether processes that act for faults outlived their trial. Faults declare this themselves: such processes end
  /// with the process that started them.
  func hasFaultHelpers() -> Bool {
    arm.faults.indices.contains { number in
      let fault = region.fault(number).pointee
      return fault.helper_pid > 0 && fault.healed_ns == 0
        && ProcessRecords.parent(of: fault.helper_pid) == fault.pid
    }
  }

  func hasDeadWorkers() -> Bool {
    let servers = arm.depth == .bind && arm.workers == .pooled ? slots : 0..<0
    return servers.contains { region.server($0).pointee.is_dead != 0 }
      || (0..<arm.topology.launches).contains { region.launcher($0).pointee.is_dead != 0 }
      || deadHelper() != nil
  }

  /// A launcher that waits for a report does not wait for exits. /proc shows whether one of its API servers was ended
  /// from outside meanwhile: otherwise the launch would seem to hang by itself. Victims of faults are witnessed by
  /// their parents.
  func noteUnnoticedDeaths() {
    let victims = Set(arm.faults.indices.map { region.fault($0).pointee.pid })
    for slot in slots where arm.depth.binds {
      let server = region.server(slot)
      let pid = server.pointee.pid
      guard pid > 0, server.pointee.is_dead == 0, !victims.contains(pid),
        let status = ProcessRecords.endOfZombie(pid), WaitStatus(status).isFromOutside,
        // Until its parent has waited for it, the pid cannot be reused.
        ProcessRecords.parent(of: pid)
          == region.launcher(slot / arm.topology.apiServers).pointee.pid
      else { continue }
      server.pointee.wait_status = status
      server.pointee.is_dead = 1
    }
  }

  /// A dead process that belongs to no launch, for people; nil if all live. Faults of the plan affect only launches.
  func deadHelper() -> String? {
    let thief = arm.thieves.indices.first { region.thief($0).pointee.is_dead != 0 }
    if let thief { return "thief \(thief) (pid \(region.thief(thief).pointee.pid))" }
    guard region.pointer.pointee.auditor_is_dead != 0 else { return nil }
    return "the auditor (pid \(region.pointer.pointee.auditor_pid))"
  }

  /// A process of the workers that has no descriptor left, in words. libzmq drops the connections of such a process
  /// without a word, so its peers wait in vain. Nil if a fault of the plan sets such limits.
  func processWithoutDescriptors() -> String? {
    guard !arm.faults.contains(where: { FaultName.limitingVictims.contains($0.kind.name) })
    else { return nil }
    // A program under test that uses up its own descriptors fails by itself.
    return ProcessRecords.tree(of: host.pid).lazy.filter(ProcessRecords.isOutOfDescriptors).map {
      (pid: $0, name: ProcessRecords.command(of: $0))
    }.first { $0.name.hasPrefix("bs-") }.map { "\($0.name) (pid \($0.pid))" }
  }
}
