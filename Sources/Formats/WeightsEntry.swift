/// One tensor to be written to a file of any format.
public typealias WeightsEntry = SafetensorsEntry
