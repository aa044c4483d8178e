/// Documentation/events.md.
enum EventDocument {
  static var markdown: String {
    """
    # Events

    <!-- Made by `make generate` from Sources/Schema/Definitions; change that. -->

    A run writes `events.jsonl` into its folder: one JSON object a line, in the order in which they happened. It is all
    that judging knows of a run (`bindstorm analyze` judges it again). A trial's events are appended together when the
    trial is over, between its `trial-started` and its `trial-ended`; a trial without its `trial-ended` was cut off and
    is not judged.

    A field that is left out has the value in the column "if absent"; a field without one is always there. Times are
    nanoseconds of CLOCK_MONOTONIC on the host that ran, and 0 means that it did not happen. A reader must refuse another
    `schemaVersion`, and fields that are not listed here. Counts and positions are at most \(Field.mostCount).

    \(Events.all.filter { $0.event != nil }.map { section($0, title: "`\($0.event!)`") }.joined(separator: "\n"))
    # Parts of events

    \(Events.all.filter { $0.event == nil }.map { section($0, title: $0.type) }.joined(separator: "\n"))
    # Words

    \(ClosedSets.all.map(words).joined(separator: "\n"))
    """
  }

  private static func section(_ record: Record, title: String) -> String {
    let rows = record.fields.flatMap(rows)
    return """
      ## \(title)

      \(record.summary)

      | field | type | unit | if absent | meaning |
      |---|---|---|---|---|
      \(rows.joined(separator: "\n"))

      """
  }

  private static func rows(_ field: Field) -> [String] {
    guard case .columns(let type, let columns) = field.kind else {
      return [
        row(field.json, field.documentedType, field, absent: field.documentedAbsent, field.summary)
      ]
    }
    let fields = Events.all.first { $0.type == type }!.fields
    return zip(columns, fields).map { column, inner in
      row(
        field.json + column, "list of numbers", inner, absent: "empty",
        "\(field.summary) One element each: \(inner.summary)")
    }
  }

  private static func row(
    _ name: String, _ type: String, _ field: Field, absent: String, _ summary: String
  ) -> String {
    "| `\(name)` | \(type) | \(field.documentedUnit) | \(absent) | \(summary.replacing("|", with: "\\|")) |"
  }

  private static func words(_ set: ClosedSet) -> String {
    let rows = set.cases.map { "| `\($0.word)` | \($0.summary.replacing("|", with: "\\|")) |" }
    return """
      ## \(set.type)

      \(set.summary)

      | word | meaning |
      |---|---|
      \(rows.joined(separator: "\n"))

      """
  }
}

extension Field {
  fileprivate var documentedType: String {
    switch kind {
    case .number("Int"):
      least == 0 ? "count" : least == -1 ? "count, or -1" : "difference of counts"
    case .number, .time, .status: "number"
    case .port: "port, 0 to 65535"
    case .flag: "true or false"
    case .text: "text"
    case .lines: "text, one entry a line"
    case .ports: "list of ports"
    case .numbers: "list of numbers"
    case .word(let set): "word of \(set)"
    case .record(let type), .optionalRecord(let type): "object, see \(type)"
    case .columns: "lists"
    }
  }

  fileprivate var documentedUnit: String {
    switch kind {
    case .time: "ns"
    case .status: "wait status"
    default: unit
    }
  }

  fileprivate var documentedAbsent: String {
    guard let absent, !isAlwaysWritten else { return "" }
    return switch (kind, absent) {
    case (.text, "\"\""), (_, "[]"): "empty"
    case (.status, _): "it did not end"
    case (.optionalRecord, _): "there is none"
    case (.word(let set), let word):
      "`\(ClosedSets.all.first { $0.type == set }?.cases.first { ".\($0.name)" == word }?.word ?? word)`"
    default: "`\(absent)`"
    }
  }
}
