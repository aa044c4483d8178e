// swift-tools-version: 6.2
import PackageDescription

/// Every target is built with the same strict settings.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
  // Dynamic exclusivity checks cost every fresh worker several page faults; debug builds, and so the tests,
  // keep them. With a section for each function the linker can drop the unused ones and order the rest.
  .unsafeFlags(
    ["-enforce-exclusivity=unchecked", "-Xfrontend", "-function-sections"],
    .when(configuration: .release)),
]

/// What each module may import from this package; `Tests/LayeringTests` holds the sources to it.
let layers: [(name: String, dependencies: [String])] = [
  ("Syscalls", ["CLinuxShims"]),
  ("Messaging", ["CZeroMQ"]),
  ("Handshake", ["Messaging"]),
  ("FrontEnd", []),
  ("Statistics", []),
  ("TerminalText", []),
  ("PortModel", []),
  ("Planning", ["PortModel", "Statistics", "TerminalText"]),
  ("History", ["Planning"]),
  ("Launching", ["CLinuxShims", "Syscalls", "Planning", "PortModel"]),
  (
    "Strategies",
    [
      "CLinuxShims", "Syscalls", "Messaging", "Launching", "Planning", "PortModel", "PortRaces",
      "PortTrap",
    ]
  ),
  ("Faults", ["CLinuxShims", "Syscalls", "Launching", "Planning", "PortModel"]),
  (
    "Engine",
    ["CLinuxShims", "Syscalls", "Launching", "Strategies", "Faults", "Planning", "History"]
  ),
  ("Checks", ["History", "Planning", "PortModel", "Statistics"]),
  ("Reports", ["Checks", "History", "Planning", "PortModel", "Statistics", "TerminalText"]),
  ("PortRaces", []),
  ("PortTrap", ["CPortTrap", "Syscalls", "PortRaces"]),
  ("RaceReports", ["PortRaces", "TerminalText"]),
  (
    "Workers",
    [
      "CLinuxShims", "Syscalls", "Messaging", "Handshake", "FrontEnd", "Launching", "Strategies",
      "Faults", "Planning", "PortModel",
    ]
  ),
]

/// What a target's tests may use besides the target: its own dependencies, and what they compare it with.
func testDependencies(of name: String) -> [String] {
  let own = layers.first { $0.name == name }?.dependencies ?? []
  let extra =
    [
      "PortModel": ["Statistics", "Syscalls"], "Statistics": ["PortModel"],
      "Planning": ["Strategies", "Faults"], "Faults": ["History"],
      "Messaging": ["Syscalls"], "FrontEnd": ["bindstorm-frontend"],
    ][name] ?? []
  return own + extra
}

/// What the linker reads besides the objects.
let linking = "\(Context.packageDirectory)/Linking"

/// How workers are linked. At a fixed address the Swift runtime's data needs no relocation, which would leave some
/// hundred pages to copy at each fork. What fresh processes run lies side by side.
let workerLinking =
  ["-use-ld=lld", "-Xclang-linker", "-no-pie"]
  + ["-Xlinker", "--symbol-ordering-file=\(linking)/order.txt"]
  + ["-Xlinker", "--no-warn-symbol-ordering", "-Xlinker", "--no-export-dynamic"]
  + ["-Xlinker", "--no-rosegment", "-Xlinker", "-T", "-Xlinker", "\(linking)/stubs.ld"]

let package = Package(
  name: "bindstorm",
  products: [
    .executable(name: "bindstorm", targets: ["bindstorm"]),
    .executable(name: "bindstorm-worker", targets: ["bindstorm-worker"]),
    .executable(name: "bindstorm-worker-plain", targets: ["bindstorm-worker-plain"]),
    .executable(name: "bindstorm-frontend", targets: ["bindstorm-frontend"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    .target(name: "CZeroMQ", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    .target(name: "CLinuxShims", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    .target(
      name: "CPortTrap", dependencies: ["CLinuxShims"],
      cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
  ]
    + layers.map {
      .target(
        name: $0.name, dependencies: $0.dependencies.map { .byName(name: $0) },
        swiftSettings: settings)
    } + [
      .executableTarget(
        name: "bindstorm-worker", dependencies: ["Workers"], swiftSettings: settings,
        // Symbols are bound once, in the launcher: bound lazily, each fresh process would look them up again in
        // all of libzmq's libraries. libstdc++ is linked in, by way of Linking/libstdc++.so: a shared library is
        // five mappings to copy.
        linkerSettings: [
          .unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"]),
          .unsafeFlags(
            workerLinking + ["-Xclang-linker", "-static-libgcc", "-L", "\(linking)"],
            .when(configuration: .release)),
        ]),
      // The same with nothing shared, for launches that need no libzmq. The C++ runtime asks for threads by weak
      // symbols, for which the linker takes nothing from an archive.
      .executableTarget(
        name: "bindstorm-worker-plain", dependencies: ["Workers"], swiftSettings: settings,
        linkerSettings: [
          .unsafeFlags(
            workerLinking + ["-static-stdlib", "-Xclang-linker", "-static"]
              + ["pthread_self", "pthread_once", "pthread_key_create"].flatMap {
                ["-Xlinker", "--undefined=\($0)"]
              },
            .when(configuration: .release))
        ]),
      // Apart from the worker, which is to stay small: only launches with HTTP need it.
      .executableTarget(
        name: "bindstorm-frontend",
        dependencies: [
          "FrontEnd",
          .product(name: "NIOCore", package: "swift-nio"),
          .product(name: "NIOPosix", package: "swift-nio"),
          .product(name: "NIOHTTP1", package: "swift-nio"),
        ],
        swiftSettings: settings),
      .executableTarget(
        name: "bindstorm",
        dependencies: [
          "Planning", "PortModel", "Strategies", "Faults", "Engine", "History", "Checks", "Reports",
          "Launching", "Syscalls",
          "Statistics", "PortRaces", "PortTrap", "RaceReports", "TerminalText",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: settings),
      .target(
        name: "TestSupport",
        dependencies: ["CLinuxShims", "Syscalls", "History", "Planning", "PortModel", "PortRaces"],
        path: "Tests/TestSupport", swiftSettings: settings),
    ]
    + [
      "Statistics", "PortModel", "Planning", "History", "Checks", "Reports", "Syscalls",
      "Messaging", "Handshake", "FrontEnd", "Launching", "Strategies", "Faults", "Engine",
      "TerminalText",
    ].map { name in
      .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name), "TestSupport"]
          + testDependencies(of: name).map { .byName(name: $0) },
        exclude: name == "FrontEnd" ? ["front_end.py"] : [],
        swiftSettings: settings)
    } + [
      .testTarget(
        name: "CommandTests",
        dependencies: [
          "bindstorm", "bindstorm-worker", "bindstorm-worker-plain", "bindstorm-frontend",
          "TestSupport", "Planning", "History",
        ],
        swiftSettings: settings),
      .testTarget(
        name: "PortRacesTests", dependencies: ["PortRaces", "RaceReports", "TestSupport"],
        swiftSettings: settings),
      .testTarget(
        name: "RaceReportingTests", dependencies: ["RaceReports", "PortRaces", "TestSupport"],
        swiftSettings: settings),
      .testTarget(
        name: "InterceptionTests", dependencies: ["PortTrap", "PortRaces", "Syscalls"],
        swiftSettings: settings),
      .testTarget(
        name: "WorkersTests",
        dependencies: [
          "Workers", "CLinuxShims", "FrontEnd", "Handshake", "Launching", "Planning", "Syscalls",
        ], swiftSettings: settings),
      .testTarget(
        name: "CheckTests", dependencies: ["bindstorm"], exclude: ["Victims"],
        swiftSettings: settings),
      .testTarget(name: "LayeringTests", swiftSettings: settings),
    ],
  cLanguageStandard: .gnu11
)
