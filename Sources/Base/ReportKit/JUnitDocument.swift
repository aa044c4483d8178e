internal import TerminalText

/// A test suite as JUnit XML, in the dialect that Jenkins and GitLab read.
public struct JUnitDocument {
  /// The result of a case.
  public enum Result {
    case passed
    /// - Parameters:
    ///   - type: the kind of failure.
    ///   - message: one line.
    ///   - text: all details.
    case failed(type: String, message: String, text: String)
    /// Neither passed nor failed: something kept the test from deciding. With the same parameters.
    case undecided(type: String, message: String, text: String)
    case skipped(message: String)
  }

  /// One test.
  public struct Case {
    public var className: String
    public var name: String
    /// Nil if they are not known.
    public var seconds: Double?
    public var result: Result
    /// Its output; nil if there is none.
    public var output: String?

    public init(
      className: String, name: String, seconds: Double? = nil, result: Result, output: String? = nil
    ) {
      self.className = className
      self.name = name
      self.seconds = seconds
      self.result = result
      self.output = output
    }
  }

  /// The collection's name; nil for none.
  public var title: String?
  public var suite: String
  public var seconds: Double
  /// UTC and without a zone, as `2026-11-28T02:00:00`: the form of Ant's schema. Nil if it is not known.
  public var timestamp: String?
  /// The host's name; nil if it is not known.
  public var host: String?
  public var properties: [(name: String, value: String)] = []
  public var cases: [Case] = []

  public init(title: String? = nil, suite: String, seconds: Double) {
    self.title = title
    self.suite = suite
    self.seconds = seconds
  }

  /// Seconds in the form of Jenkins' schema: at most three decimals.
  static func time(_ seconds: Double) -> String { fixedPoint(max(0, seconds), digits: 3) }

  /// The document, ending with a line break. Failed, undecided and skipped cases are counted here.
  public var text: String {
    let failures = cases.count { if case .failed = $0.result { true } else { false } }
    let errors = cases.count { if case .undecided = $0.result { true } else { false } }
    let skipped = cases.count { if case .skipped = $0.result { true } else { false } }
    let title = self.title.map { " name=\(XMLText.quoted($0))" } ?? ""
    let attributes = [("timestamp", timestamp), ("hostname", host)]
    let place = attributes.map { name, value in
      value.map { " \(name)=\(XMLText.quoted($0))" } ?? ""
    }.joined()
    var lines = [
      #"<?xml version="1.0" encoding="UTF-8"?>"#,
      "<testsuites\(title)>",
      "  <testsuite name=\(XMLText.quoted(suite)) tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\" time=\"\(Self.time(seconds))\"\(place)>",
    ]
    if !properties.isEmpty {
      lines.append("    <properties>")
      lines += properties.map {
        "      <property name=\(XMLText.quoted($0.name)) value=\(XMLText.quoted($0.value))/>"
      }
      lines.append("    </properties>")
    }
    lines += cases.flatMap(\.lines)
    lines += ["  </testsuite>", "</testsuites>", ""]
    return lines.joined(separator: "\n")
  }
}

extension JUnitDocument.Case {
  fileprivate var lines: [String] {
    let time = seconds.map { " time=\"\(JUnitDocument.time($0))\"" } ?? ""
    let head =
      "    <testcase classname=\(XMLText.quoted(className)) name=\(XMLText.quoted(name))\(time)>"
    var inner: [String] = []
    switch result {
    case .passed: break
    case .failed(let type, let message, let text):
      inner.append(
        "<failure type=\(XMLText.quoted(type)) message=\(XMLText.quoted(message))>\(XMLText.escaped(text))</failure>"
      )
    case .undecided(let type, let message, let text):
      inner.append(
        "<error type=\(XMLText.quoted(type)) message=\(XMLText.quoted(message))>\(XMLText.escaped(text))</error>"
      )
    case .skipped(let message): inner.append("<skipped message=\(XMLText.quoted(message))/>")
    }
    let isShort: Bool
    switch result {
    case .failed, .undecided: isShort = false
    case .passed, .skipped: isShort = output == nil
    }
    if let output { inner.append("<system-out>\(XMLText.escaped(output))</system-out>") }
    if isShort { return [head + inner.joined() + "</testcase>"] }
    return [head] + inner.map { "      " + $0 } + ["    </testcase>"]
  }
}
