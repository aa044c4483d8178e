// swift-tools-version: 6.2
import PackageDescription

/// Every target is built with the same strict settings.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
  // Dynamic exclusivity checks cost every fresh worker several page faults; debug builds, and so the tests, keep
  // them. Flags like this one keep the package from being a dependency of others; it is a program, not a library.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// Targets that mostly compute. They and their tests are optimised in debug builds, too: millions of draws are simulated,
/// thousands of damaged records judged, all sources read.
let optimised: Set = [
  "JSON", "Judging", "Layering", "PageKit", "Pages", "PlanReading", "PortModel", "ReportKit",
  "Statistics", "TerminalText", "Theory",
]

func swiftSettings(of name: String) -> [SwiftSetting] {
  optimised.contains(name)
    ? settings + [.unsafeFlags(["-O"], .when(configuration: .debug))] : settings
}

/// A target with what it may import, in the folder `Sources/<side>/<name>`.
struct Layer {
  var name: String
  /// The folder of targets it belongs to: what it is for.
  var side: String
  var uses: [String]
  /// Libraries of other packages.
  var products: [Target.Dependency]
  /// A library of the system that is linked.
  var systemLibrary: String?
  /// Files that are compiled into the code, so that a program needs no file beside it.
  var embedded: [String]
  /// Files beside the sources from which code was generated; they are not compiled.
  var origins: [String]

  init(
    _ name: String, in side: String, uses: [String], products: [Target.Dependency] = [],
    systemLibrary: String? = nil, embedded: [String] = [], origins: [String] = []
  ) {
    self.origins = origins
    self.products = products
    self.systemLibrary = systemLibrary
    self.name = name
    self.side = side
    self.uses = uses
    self.embedded = embedded
  }

  var path: String { "Sources/\(side)/\(name)" }
  var isC: Bool { name.hasPrefix("C") }
  var dependencies: [Target.Dependency] { uses.map { .byName(name: $0) } + products }
}

/// Every library and what it may import, one line each: the only table of the architecture. The test
/// `Tests/LayeringTests` reads it here, and holds the sources and CONTRIBUTING.md to it.
let layers = [
  // What code, formats and documents are generated from; part of no program that is installed.
  Layer("Definitions", in: "Schema", uses: []),
  Layer("Manual", in: "Schema", uses: []),
  // What all others stand on.
  Layer("CZeroMQ", in: "Base", uses: []),
  Layer("CZlib", in: "Base", uses: [], systemLibrary: "z"),
  Layer("CLinuxShims", in: "Base", uses: []),
  Layer("LinuxFacts", in: "Base", uses: []),
  Layer("ForcedCalls", in: "Base", uses: ["LinuxFacts"]),
  Layer("Syscalls", in: "Base", uses: ["CLinuxShims", "LinuxFacts"]),
  Layer("Messaging", in: "Base", uses: ["CZeroMQ"]),
  Layer("JSON", in: "Base", uses: []),
  Layer("PortModel", in: "Base", uses: []),
  Layer("Statistics", in: "Base", uses: []),
  Layer("TerminalText", in: "Base", uses: []),
  Layer("ReportKit", in: "Base", uses: ["TerminalText"]),
  Layer("Lifelines", in: "Base", uses: []),
  Layer(
    "TraceKit", in: "Base", uses: ["Lifelines", "TerminalText"],
    products: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
    origins: ["perfetto.proto"]),
  Layer(
    "PageKit", in: "Base", uses: ["Lifelines", "ReportKit"],
    products: [.product(name: "Mustache", package: "swift-mustache")],
    embedded: [
      "charts.css", "colours.css", "page.css", "page.js", "page.mustache", "picture.css",
    ]),
  // What a plan is.
  Layer("PlanModel", in: "Plan", uses: ["ForcedCalls", "PortModel"]),
  Layer("Theory", in: "Plan", uses: ["PlanModel", "PortModel", "Statistics"]),
  Layer(
    "PlanReading", in: "Plan",
    uses: [
      "ForcedCalls", "JSON", "PlanModel", "PortModel", "Statistics", "TerminalText", "Theory",
    ]),
  // What is written down of a run: by its processes, and for judging.
  Layer("CSharedRegion", in: "Record", uses: ["CLinuxShims"]),
  Layer("History", in: "Record", uses: ["CZlib", "JSON", "LinuxFacts", "PlanModel"]),
  // Running a plan.
  Layer(
    "RunContract", in: "Run",
    uses: ["CLinuxShims", "CSharedRegion", "PlanModel", "PortModel", "Syscalls"]),
  Layer("StartupProtocol", in: "Run", uses: []),
  Layer(
    "StrategyKit", in: "Run",
    uses: [
      "CLinuxShims", "CSharedRegion", "Messaging", "PlanModel", "PortModel", "RunContract",
      "Syscalls",
    ]),
  Layer(
    "Adapters", in: "Run",
    uses: [
      "CLinuxShims", "CSharedRegion", "ForcedCalls", "Interception", "JSON", "LinuxFacts",
      "PlanModel", "PortModel", "RaceLedger", "RunContract", "StrategyKit", "Syscalls",
      "TerminalText",
    ]),
  Layer(
    "Strategies", in: "Run",
    uses: [
      "Adapters", "CLinuxShims", "CSharedRegion", "Messaging", "PlanModel", "PortModel",
      "RunContract", "StrategyKit", "Syscalls",
    ]),
  Layer(
    "Faults", in: "Run",
    uses: [
      "CLinuxShims", "CSharedRegion", "LinuxFacts", "PlanModel", "PortModel", "RunContract",
      "Syscalls",
    ]),
  Layer(
    "Workers", in: "Run",
    uses: [
      "Adapters", "CLinuxShims", "CSharedRegion", "Faults", "LinuxFacts", "Messaging",
      "PlanModel", "PortModel", "RunContract", "StartupProtocol", "Strategies", "StrategyKit",
      "Syscalls", "TerminalText",
    ]),
  Layer(
    "Engine", in: "Run",
    uses: [
      "CLinuxShims", "CSharedRegion", "Faults", "History", "LinuxFacts", "PlanModel", "RunContract",
      "Strategies", "StrategyKit", "Syscalls",
    ]),
  // Judging what was written down.
  Layer(
    "Judging", in: "Judge",
    uses: [
      "ForcedCalls", "History", "LinuxFacts", "PlanModel", "PortModel", "Statistics", "Theory",
    ]),
  Layer(
    "Reports", in: "Judge",
    uses: [
      "History", "Judging", "Lifelines", "LinuxFacts", "PlanModel", "PortModel", "ReportKit",
      "Statistics", "TerminalText",
    ]),
  Layer(
    "Pages", in: "Judge",
    uses: [
      "History", "Judging", "Lifelines", "PageKit", "PlanModel", "Reports", "TerminalText",
    ],
    embedded: [
      "cell.mustache", "cells.mustache", "comparison.mustache", "costs.mustache", "head.mustache",
      "matrix.mustache", "run.mustache", "trial.mustache",
    ]),
  // What is left of many runs.
  Layer(
    "Archive", in: "Keep", uses: ["Judging", "PlanModel"],
    products: [.product(name: "GRDB", package: "GRDB.swift")]),
  // `bindstorm check`: port races in any program.
  Layer("CInterception", in: "Detect", uses: ["CLinuxShims"]),
  Layer("RaceLedger", in: "Detect", uses: ["ForcedCalls"]),
  Layer(
    "Interception", in: "Detect",
    uses: ["CInterception", "CLinuxShims", "ForcedCalls", "LinuxFacts", "RaceLedger", "Syscalls"]),
  Layer(
    "RaceReporting", in: "Detect",
    uses: ["Lifelines", "LinuxFacts", "PageKit", "RaceLedger", "ReportKit", "TerminalText"],
    embedded: ["check.mustache", "finding.mustache", "series.mustache"]),
]

/// What a target's tests may use besides the target: its own dependencies, and what they compare it with.
func testDependencies(of name: String) -> [String] {
  let own = layers.first { $0.name == name }?.uses ?? []
  let extra =
    [
      "PortModel": ["Statistics", "Syscalls"],
      "Statistics": ["PortModel"],
      "Faults": ["History"], "Messaging": ["Syscalls"], "StartupProtocol": ["bindstorm-frontend"],
      "Judging": ["Faults", "PlanReading", "Strategies"], "Engine": ["Adapters"],
      "Strategies": ["Interception", "RaceLedger"],
    ][name] ?? []
  return own + extra
}

let package = Package(
  name: "bindstorm",
  products: [
    .executable(name: "bindstorm", targets: ["bindstorm"]),
    .executable(name: "bindstorm-worker", targets: ["bindstorm-worker"]),
    .executable(name: "bindstorm-frontend", targets: ["bindstorm-frontend"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    // Without its streams and field masks.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets:
    layers.map {
      .target(
        name: $0.name, dependencies: $0.dependencies, path: $0.path, exclude: $0.origins,
        resources: $0.embedded.map { .embedInCode("Assets/\($0)") },
        cSettings: $0.isC ? [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])] : [],
        swiftSettings: $0.isC ? [] : swiftSettings(of: $0.name),
        linkerSettings: $0.systemLibrary.map { [.linkedLibrary($0)] })
    } + [
      .executableTarget(
        name: "bindstorm-worker", dependencies: ["Workers"],
        path: "Sources/Programs/bindstorm-worker",
        swiftSettings: settings,
        // Symbols are bound once, in the launcher: bound lazily, each fresh process would look them up again in all
        // of libzmq's libraries.
        linkerSettings: [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"])]),
      // Apart from the worker, which is to stay small: only launches with HTTP need it.
      .executableTarget(
        name: "bindstorm-frontend",
        dependencies: [
          "CLinuxShims", "StartupProtocol",
          .product(name: "NIOCore", package: "swift-nio"),
          .product(name: "NIOPosix", package: "swift-nio"),
          .product(name: "NIOHTTP1", package: "swift-nio"),
        ],
        path: "Sources/Programs/bindstorm-frontend", swiftSettings: settings),
      .executableTarget(
        name: "bindstorm",
        dependencies: [
          "Archive", "Engine", "Faults", "ForcedCalls", "History", "Interception", "Judging",
          "Pages",
          "PageKit", "PlanModel", "PlanReading", "PortModel", "RaceLedger", "RaceReporting",
          "ReportKit", "Reports", "RunContract",
          "Statistics",
          "Strategies", "Syscalls", "TerminalText", "Theory", "TraceKit",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        path: "Sources/Programs/bindstorm", swiftSettings: settings),
      .executableTarget(
        name: "bindstorm-generate", dependencies: ["Definitions", "Manual"],
        path: "Sources/Programs/bindstorm-generate", swiftSettings: settings),
      .target(
        name: "TestSupport",
        dependencies: [
          "CLinuxShims", "CSharedRegion", "History", "PlanModel", "PlanReading", "PortModel",
          "RaceLedger",
          "Syscalls", "Theory",
        ],
        path: "Tests/TestSupport", swiftSettings: settings),
    ]
    + [
      "Engine", "Faults", "ForcedCalls", "History", "Interception", "JSON", "Judging", "LinuxFacts",
      "Lifelines", "Messaging", "PageKit", "Pages",
      "PortModel", "Reports", "RunContract", "StartupProtocol", "Statistics", "Strategies",
      "Syscalls", "TerminalText",
    ].map { name in
      .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name), "TestSupport"]
          + testDependencies(of: name).map { .byName(name: $0) },
        exclude: name == "StartupProtocol" ? ["front_end.py"] : [],
        swiftSettings: swiftSettings(of: name))
    } + [
      .testTarget(
        name: "ArchiveTests",
        dependencies: [
          "Archive", "Judging", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
        ],
        swiftSettings: settings),
      .testTarget(
        name: "TraceKitTests",
        dependencies: [
          "Lifelines", "TraceKit", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        ],
        swiftSettings: settings),
      .testTarget(
        name: "CommandTests",
        dependencies: [
          "bindstorm", "bindstorm-worker", "bindstorm-frontend", "bindstorm-generate",
          "TestSupport", "PlanModel", "PlanReading", "Theory", "History", "ForcedCalls",
        ],
        swiftSettings: settings),
      .testTarget(
        name: "VLLMTests",
        dependencies: [
          "bindstorm", "bindstorm-worker", "bindstorm-frontend", "CZeroMQ", "History", "Judging",
          "LinuxFacts", "Messaging", "PlanModel", "StartupProtocol", "TestSupport",
        ],
        exclude: ["fetch.py", "live.py", "model.py", "release.py", "standins.py", "Sample"],
        swiftSettings: settings),
      .testTarget(
        name: "RaceLedgerTests",
        dependencies: ["ForcedCalls", "RaceLedger", "RaceReporting", "TestSupport"],
        swiftSettings: settings),
      .testTarget(
        name: "RaceReportingTests",
        dependencies: ["Lifelines", "RaceLedger", "RaceReporting", "ReportKit", "TestSupport"],
        swiftSettings: settings),
      .testTarget(
        name: "WorkersTests",
        dependencies: [
          "CLinuxShims", "PlanModel", "RunContract", "StartupProtocol", "Syscalls", "Workers",
        ], swiftSettings: settings),
      .testTarget(
        name: "CheckTests", dependencies: ["bindstorm", "TestSupport"], exclude: ["Victims"],
        swiftSettings: settings),
      .testTarget(
        name: "PlanTests",
        dependencies: [
          "Faults", "ForcedCalls", "JSON", "LinuxFacts", "PlanModel", "PlanReading", "PortModel",
          "Statistics", "Strategies",
          "TestSupport", "Theory",
        ],
        swiftSettings: settings),
      .testTarget(name: "DefinitionsTests", dependencies: ["Definitions"], swiftSettings: settings),
      .testTarget(name: "ManualTests", dependencies: ["Manual"], swiftSettings: settings),
      .testTarget(name: "LayeringTests", swiftSettings: swiftSettings(of: "Layering")),
    ],
  cLanguageStandard: .gnu11
)
