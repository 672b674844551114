struct list { int count; };
int list_count(const struct list *list);
int list_elsewhere(void);
