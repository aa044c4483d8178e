/// A claim in which the model is known to differ from a release; Documentation/vllm-fidelity.md says why. Both values
/// stand here: when one changes, the difference is a new one.
struct Deviation: Sendable {
  var claim: String
  var release: Value
  /// What the model does; nil if it does not have such a thing.
  var model: Value?
  /// The row of the document.
  var row: String

  init(_ claim: String, _ release: Value, _ model: Value?, row: String) {
    self.claim = claim
    self.release = release
    self.model = model
    self.row = row
  }
}

/// A claim that does not hold.
struct Difference: Equatable, CustomStringConvertible {
  var claim: String
  var text: String

  var description: String { "claim '\(claim)': \(text)" }
}

/// Compares what a release does with what the model does.
enum Comparison {
  /// - Parameter model: the model's side of each claim.
  static func differences(
    release: Findings, model: [String: Value], deviations: [Deviation] = []
  ) -> [Difference] {
    var differences: [Difference] = []
    for claim in release.claims {
      let place = "vLLM \(release.version ?? "") at \(claim.place ?? "?")"
      guard let found = claim.value else {
        differences.append(
          Difference(claim: claim.name, text: "\(place): cannot be found: \(claim.error ?? "")"))
        continue
      }
      let said = model[claim.name]
      if let said, agree(claim.name, found, said) { continue }
      let isKnown = deviations.contains {
        $0.claim == claim.name && $0.release == found && $0.model == said
      }
      guard !isKnown else { continue }
      differences.append(
        Difference(
          claim: claim.name,
          text: "\(place) has \(found), the model \(said.map { "\($0)" } ?? "says nothing of it")"))
    }
    let known = Set(release.claims.map(\.name))
    for name in model.keys.sorted() where !known.contains(name) {
      differences.append(
        Difference(
          claim: name,
          text: "the model has \(model[name]!), vLLM \(release.version ?? "") has no such thing"))
    }
    return differences
  }

  /// Texts for the user may end early in the model and may begin with the exception's type; they may not say anything
  /// else.
  private static func agree(_ name: String, _ found: Value, _ said: Value) -> Bool {
    guard name.hasPrefix("text: "), case .text(let release) = found, case .text(let model) = said
    else { return found == said }
    return model.split(separator: "; ").contains { part in
      let own = part.replacing(#/^\w+Error: /#, with: "")
      return !own.isEmpty && release.hasPrefix(own)
    }
  }
}
