# Reads cases, asks the receivers beside it, and answers a line for each.
require "base64"

receivers = Hash.new do |known, number|
  known[number] = Module.new.tap do |it|
    it.module_eval(File.read("#{ARGV[0]}/p#{number}.rb"))
    it.extend(it)
  end
end
$stdin.read.strip.split("\n").each do |line|
  number, now, url, method, body, secrets, headers = line.split("\t", -1)
  receiver = receivers[number]
  headers = headers.split(";").to_h { |pair| pair.split("=", 2).then { |name, value| [name, Base64.decode64(value)] } }
  body = Base64.decode64(body)
  given = { now: now.to_i, url: Base64.decode64(url), method: method }
  given[:secrets] = secrets.split(",").map { |secret| Base64.decode64(secret) }
  known = receiver.method(:verify).parameters.map(&:last)
  good = receiver.verify(headers, body, **given.slice(*known))
  puts(good ? "1 #{receiver.message_id(headers, body)}" : "0")
end
