import GlissadeKernels
import Testing

/// The kernels' texts, which come into one program in any company.
@Suite struct KernelTextTests {
  /// The macros of a family's text that are still defined at its end, whatever the conditions, by what they stand for.
  private func macros(of text: String) -> [String: Set<String>] {
    var found: [String: Set<String>] = [:]
    for line in text.replacing("\\\n", with: " ").split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
      guard words.count == 2, words[0] == "#define" || words[0] == "#undef" else { continue }
      let name = String(words[1].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
      if words[0] == "#undef" {
        found[name] = nil
      } else {
        let body = words[1].dropFirst(name.count)
        let end = body.firstRange(of: "//")?.lowerBound ?? body.endIndex
        found[name, default: []].insert(body[..<end].split(separator: " ").joined(separator: " "))
      }
    }
    return found
  }

  /// A plan's kernels are built as one program where a driver keeps programs, and one family's macro would be another's there.
  @Test func noMacroStandsForTwoThings() {
    var known: [String: (family: String, bodies: Set<String>)] = [:]
    for index in 0..<glissade_family_count() {
      let family = String(cString: glissade_family_name(index))
      let own = macros(of: String(cString: glissade_family_text(index)))
      #expect(own["LANES"] == ["1", "16"] || own["LANES"] == nil, "\(family)")
      for (name, bodies) in own {
        if let other = known[name] {
          #expect(other.bodies == bodies, "\(name) in \(family) and in \(other.family)")
        } else {
          known[name] = (family, bodies)
        }
      }
    }
    #expect(known.count > 200 && known["ROW_KEPT"]?.bodies == ["16"])
  }
}
