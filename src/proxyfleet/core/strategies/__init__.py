"""Which of the eligible proxies is picked. One file a strategy; `registry` names them all."""
