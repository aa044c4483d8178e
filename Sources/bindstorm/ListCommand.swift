internal import ArgumentParser
internal import Planning

/// `bindstorm list strategies|thieves`
struct ListCommand: ParsableCommand {
  /// What can be listed.
  enum Subject: String, ExpressibleByArgument, CaseIterable {
    case strategies, thieves
  }

  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the strategies or thieves that a plan may name.")

  @Argument(help: "strategies or thieves.")
  var subject: Subject

  func run() throws {
    switch subject {
    case .strategies:
      for strategy in vocabulary.strategies {
        try show(strategy.name, strategy.summary, strategy.options)
      }
    case .thieves:
      for thief in vocabulary.thieves { try show(thief.name, thief.summary, thief.options) }
    }
  }

  private func show(_ name: String, _ summary: String, _ options: [OptionDescriptor]) throws {
    var lines = ["\(name)", "    \(summary)"]
    for option in options {
      let value = option.defaultValue.map { "default \($0)" } ?? "required"
      lines.append(
        "    \(option.name): \(option.summary) (\(option.range.lowerBound)...\(option.range.upperBound), \(value))"
      )
    }
    try StandardStreams.printResult(lines.joined(separator: "\n") + "\n")
  }
}
