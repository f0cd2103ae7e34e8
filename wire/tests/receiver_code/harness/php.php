<?php
// Reads cases, asks the receivers beside it, and answers a line for each.
foreach (explode("\n", trim(stream_get_contents(STDIN))) as $line) {
    [$receiver, $now, $url, $method, $body, $secrets, $headers] = explode("\t", $line);
    require_once "$argv[1]/p$receiver.php";
    $all = [];
    foreach (array_filter(explode(';', $headers)) as $pair) {
        [$name, $value] = explode('=', $pair, 2);
        $all[$name] = base64_decode($value);
    }
    $body = base64_decode($body);
    $given = ['url' => base64_decode($url), 'method' => $method, 'now' => (int) $now];
    $given['secrets'] = array_map('base64_decode', array_filter(explode(',', $secrets)));
    $verify = new ReflectionFunction("p$receiver\\verify");
    $known = array_map(fn($parameter) => $parameter->getName(), $verify->getParameters());
    $good = $verify->invoke($all, $body, ...array_intersect_key($given, array_flip($known)));
    echo $good ? '1 ' . ("p$receiver\\messageId")($all, $body) : '0', "\n";
}
