/// Whose code a frame is: the program's own, or that of libraries and runtimes, which reports fold away.
extension Frame {
  /// Whether the frame is the program's own code, as far as file and function tell.
  public var isApplication: Bool { line > 0 ? !isSourceLibrary : isOwnFunction }

  /// Python's own modules and what was installed beside them.
  private var isSourceLibrary: Bool {
    file.hasPrefix("<frozen") || Self.socketModules.contains(ProgramName.lastPart(file))
      || ["/lib/python", "/lib/pypy", "/site-packages/", "/dist-packages/"].contains {
        file.contains($0)
      }
  }

  /// Python's socket modules, wherever they lie.
  private static let socketModules: Set = ["socket.py", "socketserver.py"]

  private var isOwnFunction: Bool {
    guard !function.isEmpty else { return false }
    let module = ProgramName.lastPart(file)
    return !Self.runtimeModules.contains { module.hasPrefix($0) }
      && !file.contains("/lib/python") && !Self.isOfStartup(function)
      && !Self.isOfGoLibrary(function) && !isOfRustLibrary
      && !Self.madeBySwift.contains { function.hasPrefix($0) }
  }

  /// How functions of Swift's library begin, and those that its compiler makes within a function.
  private static let madeBySwift = [
    "Swift.", "(extension in Swift)", "closure #", "implicit closure #", "partial apply forwarder",
    "reabstraction thunk", "generic specialization", "function signature specialization", "merged ",
  ]

  /// Shared objects of C libraries, language runtimes and interpreters.
  private static let runtimeModules = [
    "ld-", "ld.so", "libc.so", "libc-", "libpthread", "libm.so", "libdl.so", "librt.so", "libgcc_s",
    "libstdc++", "libc++", "libswift", "lib_Foundation", "libFoundation", "libdispatch",
    "libBlocksRuntime", "libpython", "libperl", "libruby", "libphp", "libtcl", "liblua", "libnode",
    "libuv", "libjvm", "libjli", "libjava", "libnet.", "libnio", "libextnet",
  ]

  /// Functions of the C library, which static programs contain.
  private static let libraryFunctions: Set = [
    "_start", "start_thread", "clone", "clone3", "__clone", "syscall", "bind", "__bind", "listen",
    "__listen", "connect", "__connect", "getsockname", "__getsockname",
  ]

  private static func isOfStartup(_ function: String) -> Bool {
    libraryFunctions.contains(function) || function.hasPrefix("__libc_")
      || function.hasPrefix("_dl_")
  }

  /// Packages of Go's standard library on the way to a socket. A name of Go is "path/package.Function".
  private static let goPackages: Set = [
    "runtime", "syscall", "net", "internal", "os", "sync", "crypto", "vendor", "context",
    "testing", "time", "io", "bufio", "reflect", "log",
  ]

  private static func isOfGoLibrary(_ function: String) -> Bool {
    guard let end = function.firstIndex(where: { $0 == "/" || $0 == "." || $0 == ":" }),
      function[end] != ":"
    else { return false }
    return goPackages.contains(String(function[..<end]))
  }

  /// Crates of Rust's standard library; in the newer mangling a crate's name follows its disambiguator.
  private var isOfRustLibrary: Bool {
    let crates = ["std", "core", "alloc"]
    let written = function.drop { $0 == "<" }
    if crates.contains(where: { written.hasPrefix("\($0)::") }) { return true }
    guard function.hasPrefix("_R"), let root = function.firstMatch(of: /Cs[0-9A-Za-z]*_([0-9]+)/)
    else { return function.hasPrefix("__rust_") || function.hasPrefix("rust_") }
    let name = function[root.range.upperBound...].drop { $0 == "_" }
    guard let length = Int(root.1) else { return false }
    return crates.contains(String(name.prefix(length)))
  }

  /// The function's name as the object file has it, without the digest that Rust's compiler adds.
  var stableSymbol: String {
    let name = symbol.isEmpty ? function : symbol
    guard name.hasPrefix("_ZN"), let digest = name.firstMatch(of: /17h[0-9a-f]{16}E/) else {
      return name
    }
    return String(name[..<digest.range.lowerBound])
  }
}

extension Party {
  /// Whether a frame of this party is the program's own code.
  public func isOwn(_ frame: Frame) -> Bool {
    frame.isApplication && (frame.line > 0 || !name.isInterpreter)
  }
}
