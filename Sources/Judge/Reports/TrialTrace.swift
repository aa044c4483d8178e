internal import History
internal import Judging
public import Lifelines
public import PlanModel
internal import PortModel

/// A whole trial as lifelines: the trial, each of its processes, each port, each fault.
extension TrialLifelines {
  /// All of them, in the order in which they are shown. No time lies outside the trial: what began before has the trial's
  /// start, and says so.
  /// - Parameters:
  ///   - arm: the trial's arm.
  ///   - vocabulary: what strategies say of themselves.
  public func all(_ arm: Arm, _ vocabulary: Vocabulary) -> [Lifeline] {
    let descriptor = vocabulary.strategy(named: arm.strategy.name)
    let releases: [CollisionModel] = [.probeThenBind, .probedElsewhere, .distinctProbes]
    let choice: Choice =
      descriptor.map { releases.contains($0.collisionModel) } == true
      ? .released : descriptor?.traits.isKnownBeforehand == true ? .known : .later
    var known = launchers + headless + coordinators + servers + engines + frontEnds + thieves
    // Then no bind is of a number that the allocation chose.
    if choice == .later {
      for (lane, lifeline) in known.enumerated() {
        for span in lifeline.spans.indices { known[lane].spans[span].arrows = [] }
      }
    }
    let names = Set(known.map(\.name))
    let processes = (known + others(besides: names)).map { named($0) }
    return ([record(arm)] + processes + ports(choice) + faults).map(clamped)
  }

  /// The trial itself.
  private func record(_ arm: Arm) -> Lifeline {
    var trial = 0
    if case .trialStarted(let started)? = events.first { trial = started.trial }
    var lifeline = Lifeline(.record, "trial \(arm.trialName(trial))")
    var span = Lifeline.Span(.work, "trial \(trial)", from: start, to: end)
    span.details = TrialJudge(arm: arm).judge(events).launches.map {
      .init(
        "launch \($0.launch)",
        "\($0.outcome.rawValue)\($0.evidence.isEmpty ? "" : ": ")\($0.evidence)")
    }
    lifeline.spans = [span]
    lifeline.instants = instants { $0.actor == .trial }
    return lifeline
  }

  private var headless: [Lifeline] {
    events.flatMap { event -> [Lifeline] in
      guard case .startup(let record) = event else { return [] }
      return record.headless.enumerated().filter { $0.element.pid > 0 }.map { number, headless in
        lifeline(.headless(record.launch, node: number + 1), pid: headless.pid)
      }
    }
  }

  private var coordinators: [Lifeline] {
    events.compactMap { event in
      guard case .startup(let record) = event, record.coordinatorStarted > 0 else { return nil }
      var lifeline = lifeline(.coordinator(record.launch), pid: record.coordinatorPid)
      lifeline.spans = Self.steps(
        from: record.coordinatorStarted, [("binds its ports", record.coordinatorBound)])
      return lifeline
    }
  }

  private var frontEnds: [Lifeline] {
    events.compactMap { event in
      guard case .serving(let record) = event, record.frontEndPid > 0 else { return nil }
      var lifeline = lifeline(.frontEnd(record.launch, record.server), pid: record.frontEndPid)
      if record.httpListened > 0 {
        lifeline.instants.append(.init(.success, "listens for HTTP", at: record.httpListened))
      }
      return lifeline
    }
  }

  /// Thieves live as long as their arm. Which ports they draw when is recorded only for those that a launch lost.
  private var thieves: [Lifeline] {
    events.compactMap { event in
      guard case .thief(let record) = event else { return nil }
      var lifeline = lifeline(.thief(record.thief), pid: record.pid)
      var span = Lifeline.Span(.work, record.name, from: start, to: end)
      span.details = [
        .init("wanted", "\(record.wanted)"), .init("drawn before", "\(record.drawnBefore)"),
        .init("drawn in the window", "\(record.drawnInWindow)"),
        .init("drawn after the bind", "\(record.drawnAfterBind)"),
        .init("held when the barrier opened", "\(record.heldAtRelease)"),
      ]
      lifeline.spans = [span]
      return lifeline
    }
  }

  /// Processes that only events of others speak of, and launchers and API servers that did not come as far as a span.
  private func others(besides names: Set<String>) -> [Lifeline] {
    var found: [Lifeline] = []
    var seen: Set<TrialActor> = []
    for case .fault(let record) in events where record.helper > 0 {
      guard seen.insert(.helper(fault: record.fault)).inserted else { continue }
      var helper = lifeline(.helper(fault: record.fault), pid: record.helper)
      let at = max(record.injected, record.witnessed)
      if at > 0 { helper.instants.append(.init(.fault, "acts for \(record.name)", at: at)) }
      found.append(helper)
    }
    for actor in story.moments.map(\.actor) where seen.insert(actor).inserted {
      switch actor {
      case .trial, .fault: continue
      default: if !names.contains(actor.name) { found.append(lifeline(actor, pid: pid(actor))) }
      }
    }
    return found
  }

  private func pid(_ actor: TrialActor) -> Int32 {
    for event in events {
      switch (actor, event) {
      case (.launcher(let launch), .launch(let record)) where record.launch == launch:
        return record.pid
      case (.server(let launch, let number), .server(let record))
      where record.launch == launch && record.server == number:
        return record.pid
      case (.engine(let launch, let number), .engine(let record))
      where record.launch == launch && record.engine == number:
        return record.pid
      default: continue
      }
    }
    return actor.pid
  }

  /// With the command line of a process under `check`, which is all the name that it has.
  private func named(_ lifeline: Lifeline) -> Lifeline {
    guard case .process(let pid) = lifeline.subject, lifeline.name == "process \(pid)" else {
      return lifeline
    }
    var named = lifeline
    for case .forcedWindow(let window) in events {
      let command =
        window.proberPid == pid ? window.prober : window.rebinderPid == pid ? window.rebinder : nil
      guard let command else { continue }
      named.name = command
      break
    }
    return named
  }

  private func clamped(_ lifeline: Lifeline) -> Lifeline {
    let earlier = Lifeline.Detail("began", "before the trial")
    var clamped = lifeline
    clamped.spans = lifeline.spans.map { span in
      var span = span
      if span.from < start { span.details.append(earlier) }
      span.from = min(max(span.from, start), end)
      span.to = min(max(span.to, start), end)
      return span
    }
    clamped.instants = lifeline.instants.map { instant in
      var instant = instant
      if instant.at < start { instant.details.append(earlier) }
      instant.at = min(max(instant.at, start), end)
      return instant
    }
    return clamped
  }
}
