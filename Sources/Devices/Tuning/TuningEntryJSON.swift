import GlissadeFormats
import GlissadePlanning

extension TuningStore.Entry {
  var json: JSONValue {
    let kernel: JSONValue =
      switch variant {
      case .registers: "registers"
      case .local(let tile): .object(tile.numbers.map { JSONMember($0.name, .integer(Int64($0.value))) })
      }
    return [
      "kind": .string(problem.kind.rawValue), "rows": .integer(Int64(problem.rows)), "columns": .integer(Int64(problem.columns)),
      "inner": .integer(Int64(problem.inner)), "first_transposed": .bool(problem.isTransposedA),
      "second_transposed": .bool(problem.isTransposedB), "kernel": kernel, "seconds": .number(seconds),
    ]
  }

  init?(_ value: JSONValue) {
    guard let kind = value["kind"]?.stringValue.flatMap(ProductProblem.Kind.init(rawValue:)), let rows = value["rows"]?.integerValue,
      let columns = value["columns"]?.integerValue, let inner = value["inner"]?.integerValue, rows > 0, columns > 0, inner > 0,
      let isTransposedA = value["first_transposed"]?.boolValue, let isTransposedB = value["second_transposed"]?.boolValue,
      let seconds = value["seconds"]?.doubleValue, seconds.isFinite, seconds > 0, let kernel = value["kernel"]
    else { return nil }
    let problem = ProductProblem(
      kind, rows: rows, columns: columns, inner: inner, isTransposedA: isTransposedA, isTransposedB: isTransposedB)
    if kernel == "registers" {
      self.init(problem: problem, variant: .registers, seconds: seconds)
    } else {
      guard let tile = LocalTile(json: kernel) else { return nil }
      self.init(problem: problem, variant: .local(tile), seconds: seconds)
    }
  }
}

extension LocalTile {
  fileprivate var numbers: [(name: String, value: Int)] {
    [
      ("rows", rows), ("columns", columns), ("inner", inner), ("item_rows", itemRows), ("item_columns", itemColumns), ("vector", vector),
      ("load_vector", loadVector), ("padding", padding), ("stages", stages), ("unroll", unroll), ("groups", groups), ("subgroup", subgroup),
    ]
  }

  fileprivate init?(json: JSONValue) {
    self.init()
    for (name, _) in numbers {
      guard let number = json[name]?.integerValue, (0...4096).contains(number) else { return nil }
      switch name {
      case "rows": rows = number
      case "columns": columns = number
      case "inner": inner = number
      case "item_rows": itemRows = number
      case "item_columns": itemColumns = number
      case "vector": vector = number
      case "load_vector": loadVector = number
      case "padding": padding = number
      case "stages": stages = number
      case "unroll": unroll = number
      case "groups": groups = number
      default: subgroup = number
      }
    }
    if objection != nil { return nil }
  }
}
