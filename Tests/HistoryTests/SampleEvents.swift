import History
import PlanModel

/// Events that between them have every field, every word and every extreme value.
enum Sample {
  static let start: UInt64 = 123_456_789_012_345

  static let small: [Event] = [
    .runStarted(RunStarted(plan: "demo", seed: 7, isolated: true)),
    .poolSet(PoolSet(low: 40_000, high: 40_615, at: start)),
    .trialStarted(TrialStarted(arm: 0, trial: 0, at: start + 1)),
    .launch(
      LaunchRecord(
        launch: 0, pid: 800, advertised: [40_001, 40_003], allocationStarted: start + 2,
        allocationEnded: start + 3)),
    .server(
      ServerRecord(
        launch: 0, server: 0, pid: 811, released: start + 4,
        input: EndpointRecord(
          requested: 40_001, bound: 40_001, attempted: start + 5, finished: start + 6,
          ownership: .owner),
        output: EndpointRecord(
          requested: 40_003, bound: 0, errno: 98, stage: .bind, attempted: start + 7,
          finished: start + 8,
          holder: Holder(
            kind: .thief, index: 2, pid: 900, command: "thief", sources: .eventsAndKernel)))),
    .thief(
      ThiefRecord(
        thief: 2, name: "holder", pid: 900, wanted: 8, drawnInWindow: 8, heldAtRelease: 8)),
    .trialEnded(
      TrialEnded(arm: 0, trial: 0, barrierOpened: start + 4, at: start + 20)),
    .runEnded(RunEnded(interrupted: false, at: start + 30)),
  ]

  /// Every word of every closed set, extreme numbers and text that must be escaped.
  static var exhaustive: [Event] {
    var events: [Event] = [
      .runStarted(
        RunStarted(
          plan: "quote \" back\\slash \n\r\t\u{1}\u{7f} é 漢 🦀", seed: .max, isolated: false)),
      .runEnded(RunEnded(interrupted: true, at: .max)),
      .launch(
        LaunchRecord(
          launch: 4_294_967_295, pid: .min, advertised: [], allocationStarted: 0,
          allocationEnded: .max,
          errno: .max, died: .min)),
      .thief(
        ThiefRecord(
          thief: 0, name: "", pid: 1, wanted: 0, drawnInWindow: -4_294_967_295, heldAtRelease: 0,
          errno: 98)),
      .trialEnded(
        TrialEnded(
          arm: 0, trial: 4_294_967_295, barrierOpened: 0, at: 0, socketsLeft: -1, detail: "why")),
      .trialEnded(
        TrialEnded(arm: 1, trial: 0, barrierOpened: 0, at: 0, left: ["bs-orphan (pid 7)", "x"])),
    ]
    events.append(.startup(StartupRecord(launch: 0)))
    for casualty in StartupRecord.Casualty.allCases {
      events.append(
        .startup(
          StartupRecord(
            launch: 1, host: "10.66.0.1", handshakePort: 29_550, handshakeBound: 1,
            coordinatorPid: 7, coordinatorPorts: [65_535, 1], coordinatorStarted: 2,
            coordinatorBound: 3, coordinatorReported: 4, coordinatorDied: 0, enginesReady: 5,
            served: 6, noticed: .max, casualty: casualty, casualtyNumber: 0)))
    }
    events += [
      .startup(
        StartupRecord(
          launch: 1, httpPort: 65_535, httpBound: 1, httpAnswered: .max, httpRequests: 3,
          httpStrangers: 4, measuredRequests: 1_000_000, measured: 5, serial: 999,
          headless: [
            HeadlessRecord(pid: 0),
            HeadlessRecord(pid: .max, started: 6, noticed: 7, casualty: 255, died: 0),
          ])),
      .engine(EngineRecord(launch: 0, engine: 0, pid: 0)),
      .engine(
        EngineRecord(
          launch: 1, engine: 255, node: 3, pid: 9, started: 1, initialised: 2, loaded: 3,
          connected: 4, ready: .max, placeholders: 5, requests: 6, strangers: 7, errno: 110,
          stage: .handshake, died: 9)),
      .serving(ServingRecord(launch: 0, server: 0)),
      .serving(
        ServingRecord(
          launch: 1, server: 4_095, heard: 1, served: 2, failed: .max, unheard: [0, 255],
          unanswered: [3], strangers: 4, errno: 110, stage: .serve, httpAnswered: 8,
          frontEndPid: .max)),
    ]
    for point in InjectionPoint.allCases {
      events.append(
        .fault(
          FaultRecord(
            fault: 0, name: "pause", point: point, launch: 63, index: 4_095, isDue: false)))
    }
    events.append(
      .fault(
        FaultRecord(
          fault: 15, name: "a\"b", point: .midReport, launch: 0, index: 0, isDue: true, pid: .max,
          armed: 1, injected: 2, witnessed: 3, healed: .max, errno: 99, port: 65_535, helper: 7)))
    events += [
      .armSkipped(ArmSkipped(arm: 3, reason: "no \"etcd\" here")),
      .launch(
        LaunchRecord(
          launch: 0, pid: 1, advertised: [9], allocationStarted: 1, allocationEnded: 2, errno: 98,
          stage: .service, service: 65_535,
          holder: Holder(kind: .outsider, pid: 5, command: "x", sources: .kernel),
          portsTaken: 77, detail: "late: \"no\" answer\n\u{1}é")),
      .thief(
        ThiefRecord(
          thief: 1, name: "squatter", pid: 2, wanted: 3, drawnInWindow: 1, drawnBefore: 4,
          drawnAfterBind: 2, heldAtRelease: 0)),
      .trialEnded(
        TrialEnded(arm: 0, trial: 1, barrierOpened: 2, at: 3, socketsInWindow: 0)),
      .server(
        ServerRecord(
          launch: 1, server: 2, pid: 3, released: 4,
          input: EndpointRecord(
            requested: 0, bound: 0, attempted: 1, finished: 2, ownership: .owner, retries: 5,
            reported: .max, path: "/proc/self/fd/5/é"),
          output: EndpointRecord(requested: 0, bound: 0, attempted: 0, finished: 0))),
    ]
    for ending in ForcedRun.Ending.allCases {
      for refusal in ForcedRun.Refusal.allCases {
        events.append(
          .launch(
            LaunchRecord(
              launch: 0, pid: 1, advertised: [0], allocationStarted: 1, allocationEnded: 2,
              forced: ForcedRun(
                isLaunch: refusal == .none, ending: ending, status: .min, bindsElsewhere: true,
                calls: 1, unobserved: 2, probes: 3, windows: 4, stolen: 5, injected: 6,
                refusal: refusal, window: "a -> \"b\"", lastWords: "no\nport"))))
      }
    }
    events.append(
      .launch(
        LaunchRecord(
          launch: 0, pid: 1, advertised: [], allocationStarted: 1, allocationEnded: 2,
          forced: ForcedRun(isLaunch: false))))
    for isStolen in [false, true] {
      events.append(
        .forcedWindow(
          ForcedWindow(
            launch: 63, verdict: "CROSS-WIRED", place: "b918bc99", protocolName: "udp",
            port: 65_535, rebind: isStolen ? 7 : 1, occurrence: isStolen ? 2 : 0, prober: "a\"b",
            proberAt: "é", proberPid: -3,
            probedAddress: "[::1]:9", probed: .max, release: isStolen ? "closed" : "",
            released: isStolen ? 5 : 0, rebinder: "", rebinderAt: "\n", rebinderPid: .max,
            address: "0.0.0.0:9", rebound: 6, result: isStolen ? -1 : 0, isStolen: isStolen,
            holder: isStolen ? "x y" : "", holderPid: isStolen ? 8 : 0)))
    }
    for stage in Stage.allCases {
      events.append(
        .launch(
          LaunchRecord(
            launch: 0, pid: 1, advertised: [0, 1, 65_535], allocationStarted: 9,
            allocationEnded: 10, errno: stage == .none ? 0 : 24, stage: stage)))
    }
    for kind in Holder.Kind.allCases {
      for sources in Holder.Sources.allCases {
        let holder = Holder(
          kind: kind, launch: 0, index: 0, pid: -3, command: "a\"b", since: .max, sources: sources)
        events.append(server(holder: holder, ownership: .unchecked, died: 9))
      }
    }
    for ownership in Ownership.allCases {
      events.append(server(holder: nil, ownership: ownership, died: nil))
    }
    for completion in TrialEnded.Completion.allCases {
      events.append(
        .trialEnded(
          TrialEnded(arm: 1, trial: 2, barrierOpened: 3, at: 4, completion: completion)))
    }
    return events
  }

  static func server(holder: Holder?, ownership: Ownership, died: Int32?) -> Event {
    let endpoint = EndpointRecord(
      requested: 65_535, bound: 0, errno: 98, stage: .listen, attempted: .max, finished: 0,
      holder: holder, ownership: ownership)
    return .server(
      ServerRecord(
        launch: 0, server: 15, pid: 4_194_304, released: 1, input: endpoint, output: endpoint,
        died: died))
  }

  /// One trial with 16 API servers and 32 ports, as in the benchmark.
  static var typicalTrial: [Event] {
    var events: [Event] = [.trialStarted(TrialStarted(arm: 3, trial: 217, at: start))]
    events.append(
      .launch(
        LaunchRecord(
          launch: 0, pid: 31_337, advertised: (0..<32).map { 40_001 + 2 * $0 },
          allocationStarted: start + 1_000, allocationEnded: start + 200_000)))
    for server in 0..<16 {
      func endpoint(_ port: UInt16) -> EndpointRecord {
        EndpointRecord(
          requested: port, bound: port, attempted: start + 300_000, finished: start + 310_000,
          ownership: .owner)
      }
      events.append(
        .server(
          ServerRecord(
            launch: 0, server: server, pid: 31_338 + Int32(server), released: start + 290_000,
            input: endpoint(40_001), output: endpoint(40_033))))
    }
    events.append(
      .trialEnded(
        TrialEnded(arm: 3, trial: 217, barrierOpened: start + 280_000, at: start + 900_000)))
    return events
  }

  static func encoded(_ events: [Event]) -> [UInt8] {
    var buffer = ByteBuffer()
    for event in events { EventEncoder.encode(event, into: &buffer) }
    return buffer.bytes
  }

  static func text(_ event: Event) -> String {
    String(decoding: encoded([event]).dropLast(), as: UTF8.self)
  }
}
