"""One pool, many threads: each proxy carries at most so many at once, and every slot comes back."""

from concurrent.futures import ThreadPoolExecutor

from proxyfleet import ProxyPool

pool = ProxyPool([f"http://proxy-{number}.example:8080" for number in range(4)], max_concurrent_per_proxy=2)


def work(_: int) -> str:
    proxy = pool.get_proxy()
    if proxy is None:
        return "busy"
    try:
        return proxy.server
    finally:
        pool.release_proxy(proxy)


with ThreadPoolExecutor(max_workers=8) as threads:
    used = list(threads.map(work, range(200)))

print({server: used.count(server) for server in sorted(set(used))})
assert pool.get_metrics()["active_requests"] == 0
