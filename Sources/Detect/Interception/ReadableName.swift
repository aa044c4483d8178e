internal import CInterception

/// Names of functions as their authors wrote them.
enum ReadableName {
  /// Longer names, of templates mostly, are cut.
  private static let longest: Int32 = 512

  /// The readable form of a symbol, by the libraries of its language; the symbol itself if it needs none, or if there
  /// is no library for it (Rust's newer mangling, `_R...`).
  static func of(_ symbol: String) -> String {
    var buffer = [CChar](repeating: 0, count: Int(longest))
    let length = pt_demangle(symbol, &buffer, longest)
    guard length > 0 else { return symbol }
    let text = String(
      decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return rust(text) ?? text
  }

  /// What Rust's older mangling writes for characters that C++ names cannot have (rustc's symbol_names/legacy.rs).
  private static let escapes = [
    ("$SP$", "@"), ("$BP$", "*"), ("$RF$", "&"), ("$LT$", "<"), ("$GT$", ">"), ("$LP$", "("),
    ("$RP$", ")"), ("$C$", ","), ("$u20$", " "), ("$u27$", "'"), ("$u5b$", "["), ("$u5d$", "]"),
    ("$u7b$", "{"), ("$u7d$", "}"), ("$u7e$", "~"), ("..", "::"),
  ]

  /// A Rust name without the digest that ends it; nil if it has none, and so is one of C++.
  private static func rust(_ text: String) -> String? {
    guard let digest = text.wholeMatch(of: /(.*)::h[0-9a-f]{16}/) else { return nil }
    let path = escapes.reduce(String(digest.1)) { $0.replacing($1.0, with: $1.1) }
    // An underscore stands before an escape at the beginning of a name.
    return path.replacing("_<", with: "<")
  }
}
