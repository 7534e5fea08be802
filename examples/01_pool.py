"""The smallest use: a pool in your program, no server. Pick, use, tell how it went; a failing proxy is used less."""

from proxyfleet import ProxyConfig, ProxyPool

pool = ProxyPool(
    [
        ProxyConfig("http://proxy-1.example:8080", username="user", password="secret", tags=["fast"]),
        ProxyConfig("http://proxy-2.example:8080", tags=["fast", "cheap"]),
        "socks5://proxy-3.example:1080",
    ]
)

for attempt in range(6):
    proxy = pool.get_proxy(tags=["fast"])
    if proxy is None:
        print("all busy or resting")
        continue
    if "proxy-1" in proxy.server:
        pool.record_success(proxy, response_time=0.25)
    else:
        pool.record_failure(proxy, "timeout")
    print(attempt, proxy.server, pool.get_proxy_health(proxy))

metrics = pool.get_metrics()
print(metrics)
assert metrics["total_proxies"] == 3
assert metrics["active_requests"] == 0
