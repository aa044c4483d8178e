import History
import PlanModel
import Testing

@testable import Engine

/// An arm with what the machine looks at.
private func arm(
  depth: Depth = .bind, check: OwnershipCheck = .full, thieves: Int = 0, window: Window = Window()
) -> Arm {
  Arm(
    index: 0, scenario: "s", strategy: Choice(name: "x", label: "x"), depth: depth,
    topology: Topology(apiServers: 2), window: window, ownershipCheck: check,
    thieves: Array(repeating: Choice(name: "t", label: "t"), count: thieves), trials: 1)
}

/// What the machine answers when every phase ends in time; ends with `.end`.
private func course(_ arm: Arm) -> [TrialMachine.Action] {
  var machine = TrialMachine(arm: arm)
  var actions = [machine.handle(.begin)]
  while actions.last != .end {
    actions.append(
      machine.handle(actions.last == .prepare ? .prepared(allocatedAt: 1_000) : .phaseEnded))
  }
  return actions
}

/// All kinds of arms that the machine tells apart.
private let kinds: [Arm] = Depth.allCases.flatMap { depth in
  OwnershipCheck.allCases.flatMap { check in
    [0, 2].flatMap { thieves in
      [Window(), Window(milliseconds: 1.5), Window(foreignDraws: 3)].map { window in
        arm(depth: depth, check: check, thieves: thieves, window: window)
      }
    }
  }
}

@Suite struct TrialMachineTests {
  @Test func `the whole course of a trial with everything in it`() {
    let whole = arm(thieves: 1, window: Window(milliseconds: 2, foreignDraws: 7))
    #expect(
      course(whole) == [
        .prepare, .draw, .holdWindow(until: 2_001_000, foreignDraws: 7), .bind, .check, .close,
        .end,
      ])
  }

  @Test func `a launch in a row begins where the one before has closed`() {
    var machine = TrialMachine(arm: arm(check: .off), thievesActAfterBind: false)
    let events: [TrialMachine.Event] = [
      .begin, .prepared(allocatedAt: 0), .phaseEnded, .closedForNext, .prepared(allocatedAt: 0),
      .phaseEnded, .phaseEnded,
    ]
    var actions: [TrialMachine.Action] = []
    for event in events { actions.append(machine.handle(event)) }
    #expect(actions == [.prepare, .bind, .close, .prepare, .bind, .close, .end])
  }

  @Test func `the shortest course of a trial`() {
    #expect(course(arm(depth: .allocate)) == [.prepare, .close, .end])
    #expect(course(arm(check: .off)) == [.prepare, .bind, .close, .end])
  }

  @Test func `each phase is there when, and only when, the arm needs it`() {
    for arm in kinds {
      let actions = course(arm)
      let hasWindow = arm.window != Window()
      let binds = arm.depth != .allocate
      var expected: [TrialMachine.Action] = [.prepare]
      if !arm.thieves.isEmpty { expected.append(.draw) }
      if hasWindow {
        expected.append(
          .holdWindow(
            until: 1_000 + UInt64(arm.window.milliseconds * 1e6),
            foreignDraws: arm.window.foreignDraws))
      }
      if binds { expected.append(.bind) }
      // At depth startup the launch itself proves who answers.
      if arm.depth == .bind && arm.ownershipCheck != .off { expected.append(.check) }
      expected += [.close, .end]
      #expect(actions == expected)
    }
  }

  @Test func `a deadline that passes in any phase names that phase and ends the trial`() {
    for arm in kinds {
      for phase in course(arm).dropLast() {
        var machine = TrialMachine(arm: arm)
        var action = machine.handle(.begin)
        while action != phase {
          action = machine.handle(
            action == .prepare ? .prepared(allocatedAt: 1_000) : .phaseEnded)
        }
        let expected: TrialEnded.Completion =
          switch phase {
          case .prepare: .timeoutPreparing
          case .draw, .drawAfterBind, .holdWindow: .timeoutWindow
          case .bind: .timeoutBinding
          case .check: .timeoutChecking
          case .close: .timeoutClosing
          case .end, .abandon: .harnessError
          }
        #expect(machine.handle(.deadlinePassed) == .abandon(expected))
      }
    }
  }

  @Test func `thieves that act after the bind do so before anybody checks`() {
    var machine = TrialMachine(arm: arm(), thievesActAfterBind: true)
    _ = machine.handle(.begin)
    #expect(machine.handle(.prepared(allocatedAt: 0)) == .bind)
    #expect(machine.handle(.phaseEnded) == .drawAfterBind)
    var late = machine
    #expect(late.handle(.deadlinePassed) == .abandon(.timeoutWindow))
    #expect(machine.handle(.phaseEnded) == .check)
  }

  @Test func `the machine is a value: a copy goes its own way`() {
    var machine = TrialMachine(arm: arm())
    _ = machine.handle(.begin)
    var copy = machine
    #expect(copy.handle(.deadlinePassed) == .abandon(.timeoutPreparing))
    #expect(machine.handle(.prepared(allocatedAt: 0)) == .bind)
  }

  @Test func `an event that cannot be traps`() async {
    await #expect(processExitsWith: .failure) {
      var machine = TrialMachine(
        arm: Arm(
          index: 0, scenario: "s", strategy: Choice(name: "x", label: "x"), depth: .bind,
          topology: Topology(apiServers: 1), trials: 1))
      _ = machine.handle(.phaseEnded)
    }
  }
}
